export { lane } from './lane.ts';
export { release } from './release.ts';
export { restart } from './restart.ts';

export { lane } from './lane.ts';
export { release } from './release.ts';

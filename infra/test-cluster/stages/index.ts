import { stringify } from 'yaml';
import { nodeStages } from './nodes.ts';
import { podStages } from './pods.ts';

export { CRASHING, NOT_STARTED, PLAYED } from './annotations.ts';

/** kwok's configuration: how nodes and pods are played. */
export function stagesDocument(): string {
  return [...nodeStages, ...podStages].map((stage) => stringify(stage)).join('---\n');
}

import { parseArgs } from 'node:util';

export interface BenchOptions {
  readonly rounds: number;
  /** How many releases are open, one measurement after another. */
  readonly open: readonly number[];
  readonly docs: boolean;
  /** Of the user's KUBECONFIG; absent: the cluster of this checkout. */
  readonly context: string | undefined;
}

/** Of whichever there are more, the last one is as many as asked for. */
const FEWER = 100;

export function optionsOf(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string', default: '15' },
      releases: { type: 'string', default: '500' },
      docs: { type: 'boolean', default: false },
      context: { type: 'string' },
    },
  });
  const releases = whole(values.releases, 5_000);
  return {
    rounds: Math.max(1, whole(values.rounds, 1_000)),
    open: releases > FEWER ? [FEWER, releases] : releases > 0 ? [releases] : [],
    docs: values.docs,
    context: values.context,
  };
}

function whole(text: string, most: number): number {
  return Math.min(most, Math.max(0, Math.floor(Number(text)) || 0));
}

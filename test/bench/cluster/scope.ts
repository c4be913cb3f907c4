import type { Scope } from '../../cluster/support/index.ts';

/** What is to be undone at the end, last first; as a `TestContext` has it for tests. */
export interface Undoing extends Scope {
  close(): Promise<void>;
}

export function openScope(): Undoing {
  const works: (() => Promise<void>)[] = [];
  return {
    after: (work) => void works.push(work),
    close: async () => {
      for (const work of works.reverse()) await work();
    },
  };
}

/** A reporter of `node --test` that says in one line of JSON how each test ended. */
import type { TestEvent } from 'node:test/reporters';

/** How one test ended. */
export interface Ending {
  readonly name: string;
  readonly passed: boolean;
  /** `testCodeFailure` where the test's own code threw; a hook, a time-out and a lost process have other words. */
  readonly failure: string;
  /** The class of what was thrown. */
  readonly thrown: string;
  /** Its first line. */
  readonly message: string;
}

type Failure = Error & { readonly failureType?: string };

export default async function* report(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const event of events) {
    if (event.type !== 'test:pass' && event.type !== 'test:fail') continue;
    const { name, details, skip, todo } = event.data;
    if (skip !== undefined || todo !== undefined || details.type === 'suite') continue;
    const error = (details as { error?: Failure }).error;
    const cause = error?.cause instanceof Error ? error.cause : error;
    const ending: Ending = {
      name,
      passed: event.type === 'test:pass',
      failure: error?.failureType ?? '',
      thrown: cause?.name ?? '',
      message: (cause?.message ?? '').split('\n')[0] ?? '',
    };
    yield `${JSON.stringify(ending)}\n`;
  }
}

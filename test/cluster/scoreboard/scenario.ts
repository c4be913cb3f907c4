import { relative } from 'node:path';
import { type TestContext, type TestOptions, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Carrier, recordResult } from './results.ts';
import { scenarioOf } from './scenarios.ts';

export interface ScenarioOptions extends TestOptions {
  /** Default: `native`. */
  readonly by?: Carrier;
}

/**
 * A test that covers one of Argo's scenarios, or a part of it: the scenario counts as passed when all of its tests have
 * passed. What it comes to is written down for the scoreboard. Subtests must be awaited and throw.
 *
 * @param called Argo's name of it; `Suite/Name` where two suites have it
 * @param sentence what the test shows, of our own objects
 * @throws RangeError for a name that Argo does not have.
 * @example scenario('TestCanarySetCanaryScale', 'the canary has the pods that setCanaryScale says', async (t) => { … });
 */
export function scenario(
  called: string,
  sentence: string,
  body: (t: TestContext) => Promise<void>,
  { by = 'native', ...options }: ScenarioOptions = {},
): void {
  const { number } = scenarioOf(called);
  const name = `${sentence} (Argo ${number}, ${called})`;
  test(name, options, async (t) => {
    const file = relative(fileURLToPath(new URL('../../..', import.meta.url)), t.filePath ?? '');
    const result = { scenario: called, by, test: sentence, file };
    try {
      await body(t);
    } catch (error) {
      recordResult({ ...result, passed: false, at: Date.now() });
      throw error;
    }
    recordResult({ ...result, passed: true, at: Date.now() });
  });
}

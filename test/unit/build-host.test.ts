/** The test server's clock stands still while an activity waits for a worker, so a lost host is tested by its failure. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ActivityFailure, ApplicationFailure, TimeoutFailure } from '@temporalio/common';
import { giveUpLostHost } from '../../workflows/build-host.ts';
import type { Release } from '../../workflows/control.ts';

const onHost = (): Release => ({ state: { buildQueue: 'shiplock-build-one' } }) as unknown as Release;
const failed = (cause: Error): ActivityFailure =>
  new ActivityFailure('Activity task failed', 'runGate', '1', 'MAXIMUM_ATTEMPTS_REACHED', 'worker', cause);

test('a host that takes nothing up is given up: the next attempt asks for another one', () => {
  const release = onHost();
  assert.equal(giveUpLostHost(release, failed(new TimeoutFailure('timeout', undefined, 'SCHEDULE_TO_START'))), true);
  assert.equal(release.state.buildQueue, null);
});

for (const [what, cause] of [
  ['works too long', new TimeoutFailure('timeout', undefined, 'START_TO_CLOSE')],
  ['stops its heartbeat', new TimeoutFailure('timeout', undefined, 'HEARTBEAT')],
  ['fails', ApplicationFailure.nonRetryable('no such folder')],
] as const) {
  test(`a host that ${what} is kept: its files are there`, () => {
    const release = onHost();
    assert.equal(giveUpLostHost(release, failed(cause)), false);
    assert.equal(release.state.buildQueue, 'shiplock-build-one');
  });
}

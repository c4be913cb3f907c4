/** The history of a restart, from a file, with the code as it is now. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { renderReplay, replayArchive } from '../../src/audit/index.ts';
import { loadWorkflowBundle } from '../../workers/bundle.ts';
import { changePayload, type Json } from './alter.ts';
import { newFolder } from './archived.ts';
import { play } from './scenarios.ts';

test('a restart replays as recorded, and pods that it did not replace are noticed', { timeout: 300_000 }, async () => {
  const { runs } = await play('restarted');
  const json = historyToJSON(runs[0]?.history ?? {});
  const replay = async (history: Json) => {
    const file = join(newFolder(), 'run-1.json');
    writeFileSync(file, JSON.stringify(history));
    return replayArchive(file, { currentBundle: loadWorkflowBundle });
  };
  const asRecorded = await replay(JSON.parse(json));
  assert.equal(asRecorded.ok, true, renderReplay(asRecorded));

  const altered = JSON.parse(json);
  const last = altered.events.findLast((event: Json) => event.activityTaskCompletedEventAttributes);
  changePayload(last.activityTaskCompletedEventAttributes.result, (progress: Json) => {
    progress.because = '1 of 2';
  });
  assert.equal((await replay(altered)).ok, false);
});

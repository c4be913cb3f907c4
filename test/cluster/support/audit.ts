/** What an auditor reads of a release that has ended, computed again from its history. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { renderReplay, replayArchive } from '../../../src/audit/index.ts';
import { loadWorkflowBundle } from '../../../workers/bundle.ts';
import type { Engine } from './engine.ts';

/** Fails where anything computed again is not as recorded. */
export async function auditOf({ shiplock, folder }: Engine, { id }: { readonly id: string }): Promise<string> {
  const file = join(folder, `${id}.json`);
  const history = await shiplock.session.client.workflow.getHandle(id).fetchHistory();
  writeFileSync(file, historyToJSON(history));
  const report = await replayArchive(file, { bundle: 'current', currentBundle: loadWorkflowBundle });
  const text = renderReplay(report);
  assert.ok(report.ok, text);
  return text;
}

/** What somebody does who wants an archive to say something else. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { composeArchive, parseHistory } from '../../src/audit/index.ts';
import { newFolder } from './archived.ts';

/** A history as plain JSON that may be changed. */
// biome-ignore lint/suspicious/noExplicitAny: an attacker follows no types
export type Json = any;

export interface Altered {
  /** The altered run in its copy of the archive. */
  readonly folder: string;
  readonly eventId: string;
}

/**
 * Copies an archive and changes one event of one run.
 *
 * @param manifest `kept`: as it was. `remade`: by somebody who knows how.
 */
export function alter(
  run: string,
  manifest: 'kept' | 'remade',
  find: (event: Json, events: Json[]) => boolean,
  change: (event: Json) => void,
): Altered {
  const archive = dirname(dirname(run));
  const copy = newFolder();
  cpSync(archive, copy, { recursive: true });
  const folder = join(copy, run.slice(archive.length));
  const file = join(folder, 'history.json');
  const history = JSON.parse(readFileSync(file, 'utf8'));
  const event = history.events.find((candidate: Json) => find(candidate, history.events));
  if (!event) throw new Error('the history has no such event');
  change(event);
  writeFileSync(file, JSON.stringify(history, null, 2));
  if (manifest === 'remade') remake(folder);
  return { folder, eventId: event.eventId };
}

function remake(folder: string): void {
  const json = readFileSync(join(folder, 'history.json'), 'utf8');
  const { workflowId, runId, bundle } = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'));
  const history = parseHistory(json, 'history.json');
  const { files } = composeArchive({ workflowId, runId, history, json, archiverBundle: bundle.digest });
  for (const [name, text] of files) writeFileSync(join(folder, name), text);
}

/** Changes the JSON value that a payload holds. */
export function changePayload(payloads: Json, change: (value: Json) => void): void {
  const [payload] = payloads.payloads;
  const value = JSON.parse(Buffer.from(payload.data, 'base64').toString());
  change(value);
  payload.data = Buffer.from(JSON.stringify(value)).toString('base64');
}

/** The type of the activity that an event belongs to. */
export function activityOf(event: Json, events: Json[]): string | undefined {
  const scheduledId = event.activityTaskCompletedEventAttributes?.scheduledEventId ?? event.eventId;
  const scheduled = events.find(({ eventId }) => eventId === scheduledId);
  return scheduled?.activityTaskScheduledEventAttributes?.activityType.name;
}

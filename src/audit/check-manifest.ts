import { type Finding, findingAt } from './difference.ts';
import type { RecordedEvent, RecordedHistory } from './history.ts';
import { chainOf, eventDigests, type Manifest, sha256 } from './manifest.ts';

/**
 * What was altered since the archive was written, as long as its manifest was not: each event by name, each file.
 *
 * @param files The texts of the files beside the manifest; `null` for one that is not there.
 */
export function checkManifest(
  manifest: Manifest,
  history: RecordedHistory,
  files: ReadonlyMap<string, string | null>,
): Finding[] {
  const events = checkEvents(manifest, history);
  return [...events, ...checkFiles(manifest, files, events.length > 0), ...checkChain(manifest)];
}

function checkEvents(manifest: Manifest, history: RecordedHistory): Finding[] {
  const known = new Map(manifest.events.map((digest) => [digest.id, digest]));
  const byId = new Map<string, RecordedEvent>(history.events.map((event) => [event.eventId, event]));
  const altered = eventDigests(history).flatMap(({ id, sha256 }): Finding[] => {
    const event = byId.get(id);
    if (!event || known.get(id)?.sha256 === sha256) return [];
    const because = known.has(id) ? 'it was altered after it was archived' : 'it was added after it was archived';
    return [findingAt('manifest', event, history, because)];
  });
  const removed = manifest.events
    .filter(({ id }) => !byId.has(id))
    .map(({ id, type }): Finding => {
      const because = 'it was removed after it was archived';
      return { check: 'manifest', event: { id, type }, what: 'event', because };
    });
  return [...altered, ...removed];
}

function checkFiles(manifest: Manifest, files: ReadonlyMap<string, string | null>, historyIsNamed: boolean): Finding[] {
  return Object.entries(manifest.files).flatMap(([name, digest]): Finding[] => {
    const text = files.get(name) ?? null;
    if (text !== null && sha256(text) === digest) return [];
    if (name === 'history.json' && historyIsNamed) return [];
    const because = text === null ? 'it is missing' : 'it was altered after it was archived';
    return [{ check: 'manifest', event: null, what: name, because }];
  });
}

function checkChain(manifest: Manifest): Finding[] {
  if (chainOf(manifest.events) === manifest.chain) return [];
  const because = 'its chain is not the chain of its event digests';
  return [{ check: 'manifest', event: null, what: 'manifest.json', because }];
}

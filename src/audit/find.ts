import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { RESTART_WORKFLOW } from '../../workflows/restart-messages.ts';
import { ShiplockError } from '../errors.ts';
import { planOf } from './compose.ts';
import { type RecordedHistory, readHistory } from './history.ts';
import { ARCHIVE_FORMAT, type Manifest } from './manifest.ts';

/** One run, as it lies on disk. */
export interface ArchivedRun {
  /** The file of its history. */
  readonly file: string;
  readonly workflowId: string;
  readonly runId: string;
  readonly history: RecordedHistory;
  /** `null` for a bare history file. */
  readonly manifest: Manifest | null;
  /** Texts of the files that the manifest names; `null` for one that is missing. */
  readonly files: ReadonlyMap<string, string | null>;
  /** Where the archive keeps workflow code. */
  readonly bundles: string | null;
}

/** Archives lie at most this deep: `<folder>/<workflow>/<run>`. */
const DEPTH = 3;

/**
 * The runs at a path, oldest first: an archive or any folder of it, one run's folder, a `history.json`, or a history
 * file that stands alone.
 *
 * @throws SHIPLOCK_ARCHIVE_NOT_FOUND, SHIPLOCK_ARCHIVE_FORMAT, SHIPLOCK_HISTORY_UNREADABLE
 */
export function findRuns(path: string): ArchivedRun[] {
  if (!existsSync(path)) throw notFound(path, 'there is no such file or folder');
  if (!statSync(path).isDirectory()) {
    const archived = ['history.json', 'manifest.json'].includes(basename(path));
    return [archived && existsSync(join(dirname(path), 'manifest.json')) ? archivedRun(dirname(path)) : bareRun(path)];
  }
  const folders = runFolders(path, DEPTH);
  const bare = folders.length > 0 ? [] : readdirSync(path).filter((name) => name.endsWith('.json'));
  const runs = [...folders.map(archivedRun), ...bare.map((name) => bareRun(join(path, name)))];
  if (runs.length === 0) throw notFound(path, 'it holds no archived run');
  return runs.sort((a, b) => (startOf(a) < startOf(b) ? -1 : 1));
}

function runFolders(folder: string, depth: number): string[] {
  if (existsSync(join(folder, 'manifest.json'))) return [folder];
  if (depth === 0) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .flatMap((entry) => runFolders(join(folder, entry.name), depth - 1));
}

function archivedRun(folder: string): ArchivedRun {
  const manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as Manifest;
  if (manifest.format !== ARCHIVE_FORMAT) {
    throw new ShiplockError({
      code: 'SHIPLOCK_ARCHIVE_FORMAT',
      message: `${folder} is an archive of format ${manifest.format}; this version reads ${ARCHIVE_FORMAT}`,
      mend: 'replay it with the version of shiplock that reads this format',
    });
  }
  const { workflowId, runId } = manifest;
  const file = join(folder, 'history.json');
  const texts = Object.keys(manifest.files).map((name) => [name, textOf(join(folder, basename(name)))] as const);
  if (!existsSync(file)) throw notFound(folder, 'its history.json is missing');
  const bundles = join(folder, '../../bundles');
  return { file, workflowId, runId, history: readHistory(file), manifest, files: new Map(texts), bundles };
}

function bareRun(file: string): ArchivedRun {
  const history = readHistory(file);
  const started = history.events[0]?.workflowExecutionStartedEventAttributes;
  const { environment, service } = planOf(history) ?? {};
  // Histories of older servers do not say whose they are; the workflow's own state depends on it.
  const kind = started?.workflowType?.name === RESTART_WORKFLOW ? 'restart' : 'release';
  const workflowId = started?.workflowId || `${kind}-${environment}-${service}`;
  const runId = started?.originalExecutionRunId ?? '';
  return { file, workflowId, runId, history, manifest: null, files: new Map(), bundles: null };
}

function textOf(file: string): string | null {
  return existsSync(file) ? readFileSync(file, 'utf8') : null;
}

function startOf(run: ArchivedRun): string {
  return run.history.events[0]?.eventTime ?? '';
}

function notFound(path: string, because: string): ShiplockError {
  return new ShiplockError({
    code: 'SHIPLOCK_ARCHIVE_NOT_FOUND',
    message: `nothing to replay at ${path}: ${because}`,
    mend: 'name an archive folder, one run in it, or a history file',
  });
}

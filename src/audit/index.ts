/** Archives of releases: what goes into one, and whether it still says what happened. See `docs/audit.md`. */
export { type ClosedRun, composeArchive } from './compose.ts';
export type { Check, Difference } from './difference.ts';
export { evidenceOf } from './evidence.ts';
export { parseHistory, type RecordedHistory, readHistory } from './history.ts';
export { ARCHIVE_FORMAT, bundleOfBuild, type Closing, type EventDigest, type Manifest } from './manifest.ts';
export { renderReplay } from './render.ts';
export { type ReplayedRun, type ReplayOptions, type ReplayReport, replayArchive } from './replay.ts';

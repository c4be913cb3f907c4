import type { PackageName } from './catalogue.ts';
import { megabytes } from './failures.ts';

/** How far a fetch is; bytes of the archive, not of what is unpacked from it. */
export interface Progress {
  readonly package: PackageName;
  readonly version: string;
  readonly phase: 'downloading' | 'unpacking' | 'done' | 'failed';
  readonly received: number;
  readonly total: number;
}

export type OnProgress = (progress: Progress) => void;

interface Screen {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const width = 24;

/**
 * Shows fetches on a stream: one bar that is drawn again in place on a terminal, else a plain line at each quarter.
 * @example await serverPath('envoy', { fetch: true, onProgress: progressBar(process.stderr) })
 */
export function progressBar(stream: Screen, environment: NodeJS.ProcessEnv = process.env): OnProgress {
  const inPlace = stream.isTTY === true && !environment.CI && !environment.NO_COLOR && environment.TERM !== 'dumb';
  return inPlace ? bar(stream) : lines(stream);
}

function bar(stream: Screen): OnProgress {
  const running = new Map<PackageName, Progress>();
  return (progress) => {
    if (progress.phase === 'done' || progress.phase === 'failed') {
      running.delete(progress.package);
      stream.write(`\r\x1b[2K${closing(progress)}\n`);
    } else {
      running.set(progress.package, progress);
    }
    const text = [...running.values()].map(drawn).join('   ');
    if (text !== '') stream.write(`\r\x1b[2K${text.slice(0, (stream.columns || 100) - 1)}`);
  };
}

function lines(stream: Screen): OnProgress {
  const told = new Map<PackageName, number>();
  return (progress) => {
    const name = `${progress.package} ${progress.version}`;
    switch (progress.phase) {
      case 'downloading': {
        const quarter = Math.floor(share(progress) * 4);
        if (quarter <= (told.get(progress.package) ?? -1)) return;
        told.set(progress.package, quarter);
        stream.write(`fetching ${name}: ${quarter * 25} % of ${megabytes(progress.total)}\n`);
        return;
      }
      case 'unpacking':
        stream.write(`unpacking ${name}\n`);
        return;
      case 'done':
      case 'failed':
        told.delete(progress.package);
        stream.write(`${closing(progress)}\n`);
        return;
      default:
        progress.phase satisfies never;
    }
  };
}

function drawn(progress: Progress): string {
  const name = `${progress.package} ${progress.version}`;
  if (progress.phase === 'unpacking') return `${name} unpacking`;
  const filled = Math.round(share(progress) * width);
  const percent = Math.floor(share(progress) * 100);
  return `${name} ${'█'.repeat(filled)}${'░'.repeat(width - filled)} ${percent} % ${megabytes(progress.received)} of ${megabytes(progress.total)}`;
}

function closing(progress: Progress): string {
  const name = `${progress.package} ${progress.version}`;
  return progress.phase === 'done' ? `fetched ${name} (${megabytes(progress.total)})` : `${name} was not fetched`;
}

function share(progress: Progress): number {
  return progress.total === 0 ? 0 : Math.min(1, progress.received / progress.total);
}

import { createHash } from 'node:crypto';
import { mkdir, open } from 'node:fs/promises';
import path from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { replaceFile } from '../durable.ts';
import { failure, sentence } from '../failure.ts';
import type { GateLog } from './port.ts';

const KIB = 1024;
/** What is kept of a long output: how it began and how it ended. */
export const LOG_HEAD_BYTES = 256 * KIB;
export const LOG_TAIL_BYTES = 768 * KIB;
const PAGE_CHARACTERS = 2000;
/** Runs of one gate whose logs are told apart; later ones share the last name. */
const MOST_RUNS = 100;

export interface LogWriter {
  readonly file: string;
  readonly bytes: () => number;
  readonly write: (chunk: Buffer) => void;
  /** Brings the file up to date; cheap where nothing was written since. */
  readonly flush: () => Promise<void>;
  /** The last flush, and what the report says of the log. */
  readonly close: () => Promise<GateLog>;
}

/**
 * The stored log of one run of a gate, `<logs>/<key>/gate.log`; the log of an earlier run is never overwritten
 * (`gate-2.log`, …), since a report names its hash. Bounded: the first 256 KiB and the last 768 KiB are kept.
 */
export async function openLog({ logs, key }: { logs: string; key: string }): Promise<LogWriter> {
  const file = await claimFile(path.join(logs, ...segments(key)));
  let head: Buffer = Buffer.alloc(0);
  let tail: Buffer[] = [];
  let tailBytes = 0;
  let bytes = 0;
  let dirty = true;

  const content = () => {
    const kept = [head, ...tail];
    const lost = bytes - head.length - tailBytes;
    if (lost > 0) kept.splice(1, 0, Buffer.from(`\n[… ${lost} bytes are left out here …]\n`));
    return Buffer.concat(kept);
  };
  const write = (chunk: Buffer) => {
    if (chunk.length === 0) return;
    dirty = true;
    bytes += chunk.length;
    const room = LOG_HEAD_BYTES - head.length;
    if (room > 0) head = Buffer.concat([head, chunk.subarray(0, room)]);
    const rest = chunk.subarray(Math.max(0, room));
    if (rest.length === 0) return;
    tail.push(Buffer.from(rest));
    tailBytes += rest.length;
    if (tailBytes > 2 * LOG_TAIL_BYTES) trim();
  };
  const trim = () => {
    const last = Buffer.concat(tail).subarray(-LOG_TAIL_BYTES);
    tail = [Buffer.from(last)];
    tailBytes = last.length;
  };
  const store = async () => {
    if (!dirty) return;
    dirty = false;
    if (tailBytes > LOG_TAIL_BYTES) trim();
    await replaceFile(file, content()).catch((error: unknown) => {
      dirty = true;
      throw notStored(file, error);
    });
  };
  // One after the other: an older text must not be renamed over a newer one.
  let stored: Promise<void> = Promise.resolve();
  const flush = () => {
    stored = stored.catch(() => undefined).then(store);
    return stored;
  };
  return {
    file,
    bytes: () => bytes,
    write,
    flush,
    async close() {
      await flush();
      const text = content();
      const sha256 = createHash('sha256').update(text).digest('hex');
      return { file, sha256, bytes, kept: head.length + tailBytes, tail: forPage(text) };
    },
  };
}

/** The last lines of an output as a page may show them: no escape sequences, no control or direction characters. */
export function forPage(output: Buffer): string {
  const end = output.subarray(-4 * PAGE_CHARACTERS).toString('utf8');
  const plain = stripVTControlCharacters(end)
    .replace(/\r\n?/g, '\n')
    .replace(/[^\P{C}\n\t]/gu, '');
  return plain
    .trimEnd()
    .slice(-PAGE_CHARACTERS)
    .replace(/^[\uDC00-\uDFFF]/, '');
}

/** A key's parts as folder names: nothing in it leads elsewhere. */
export function segments(key: string): string[] {
  return key.split('/').map((part) => encodeURIComponent(part).replace(/^\.{0,2}$/, (dots) => `_${dots.length}`));
}

async function claimFile(folder: string): Promise<string> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    for (let run = 1; ; run += 1) {
      const file = path.join(folder, run === 1 ? 'gate.log' : `gate-${run}.log`);
      try {
        await (await open(file, run < MOST_RUNS ? 'wx' : 'w', 0o600)).close();
        return file;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
    }
  } catch (error) {
    throw notStored(folder, error);
  }
}

function notStored(where: string, cause: unknown) {
  const full = (cause as NodeJS.ErrnoException).code === 'ENOSPC';
  return failure(
    {
      code: 'SHIPLOCK_LOG_NOT_STORED',
      message: `the gate's log cannot be stored in ${where}: ${full ? 'the disk is full' : sentence(cause)}`,
      mend: full ? 'free some space' : 'make the folder writable for the worker',
      cause,
    },
    { retry: 'later' },
  );
}

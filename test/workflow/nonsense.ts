/** What anybody who may send signals can send, also past the SDK's own converter. */
import { randomUUID } from 'node:crypto';
import type { ReleaseHandle, Running } from './environment.ts';

export interface Nonsense {
  readonly what: string;
  readonly signal: string;
  /** As it stands in the payload, byte for byte; `null`: no input. */
  readonly data: string | null;
  /** `metadata.encoding`; `null`: none. */
  readonly encoding: string | null;
  /** What the refusal must say. */
  readonly because: RegExp;
}

const LEVELS = 200_000;
const noObject = /must be one JSON object/;

function plain(what: string, data: string, because: RegExp, signal = 'promote'): Nonsense {
  return { what, signal, data, encoding: 'json/plain', because };
}

export const NONSENSE: readonly Nonsense[] = [
  plain('a string', '"yes"', noObject),
  plain('a number', '7', noObject),
  plain('an array', '[{"step":"step-2"}]', noObject),
  plain('null', 'null', /"step" is missing/),
  plain('an empty object', '{}', /"step" is missing/),
  plain('a field nobody knows', '{"steppe":"step-2"}', /unknown field "steppe"/),
  plain('a field of another type', '{"step":2}', /"step" must be a string/),
  plain('__proto__', '{"__proto__":{"step":"step-2"}}', /unknown field "__proto__"/),
  plain('constructor', '{"constructor":{"prototype":{"step":"x"}}}', /unknown field "constructor"/),
  plain('a token of another release', '{"step":"step-2@00000000"}', /is not what is asked for/),
  plain('a huge string', `{"step":"${'x'.repeat(500_000)}"}`, /longer than 500/),
  plain('a huge object', `{${Array.from({ length: 20_000 }, (_, n) => `"f${n}":${n}`)}}`, /unknown field "f0"/),
  plain('a deep array', '['.repeat(LEVELS) + ']'.repeat(LEVELS), noObject),
  plain('a deep field', `{"step":${'['.repeat(LEVELS)}${']'.repeat(LEVELS)}}`, /"step" must be a string/),
  plain('cut JSON', '{"step":', noObject),
  plain('no JSON', 'approve it!', noObject),
  plain('bytes that are no text', '\ud800\u0000', noObject),
  plain('markup', '{"<img src=x onerror=alert(1)>":"|"}', /unknown field/),
  { what: 'no input', signal: 'promote', data: null, encoding: null, because: /"step" is missing/ },
  { what: 'an encrypted payload', signal: 'promote', data: 'abc', encoding: 'binary/encrypted', because: noObject },
  { what: 'a payload without an encoding', signal: 'promote', data: '{}', encoding: null, because: noObject },
  { what: 'raw bytes', signal: 'promote', data: 'abc', encoding: 'binary/plain', because: /unknown field|JSON object/ },
  plain('a signal nobody knows', '{}', /there is no signal "promot"/, 'promot'),
  plain('a signal with the SDK’s own prefix', '{}', /there is no signal "reserved:/, '__temporal_x'),
  plain('a signal named like a part of every object', '{}', /there is no signal "constructor"/, 'constructor'),
  plain('a signal that is not for now', '{"act":"step-2"}', /nothing waits for retry now/, 'retry'),
];

/** Sends it as it is; the client's own converter would not. */
export async function sendRaw(
  { env }: Running,
  { workflowId }: ReleaseHandle,
  { signal, data, encoding }: Pick<Nonsense, 'signal' | 'data' | 'encoding'>,
): Promise<void> {
  const metadata: Record<string, Uint8Array> = encoding === null ? {} : { encoding: Buffer.from(encoding) };
  await env.client.workflowService.signalWorkflowExecution({
    namespace: 'default',
    workflowExecution: { workflowId },
    signalName: signal,
    requestId: randomUUID(),
    ...(data !== null && { input: { payloads: [{ metadata, data: Buffer.from(data) }] } }),
  });
}

/** A failed workflow task is tried again for ever: the release would be wedged. */
export async function failedTasks(handle: ReleaseHandle): Promise<string[]> {
  const { events } = await handle.fetchHistory();
  return (events ?? []).flatMap(({ workflowTaskFailedEventAttributes: failed }) =>
    failed ? [failed.failure?.message ?? 'failed'] : [],
  );
}

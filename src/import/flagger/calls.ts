/** Calls of Flagger's webhooks: as a gate, and as metrics of an AnalysisTemplate. */
import type { Path } from '../../plan/problem.ts';
import type { Ledger } from '../ledger.ts';
import { labelOf } from '../names.ts';
import type { Hook, Webhook } from './canary-schema.ts';
import type { WrittenMetric } from './metrics.ts';
import { durationAt, type Rhythm } from './rhythm.ts';

export interface HookContext {
  readonly ledger: Ledger;
  readonly rhythm: Rhythm;
  readonly canary: { readonly name: string; readonly namespace: string };
}

export interface Placed {
  readonly hook: Webhook;
  readonly at: Path;
}

/** Without an answer of its own, Flagger's gates wait for ever. */
const WAIT_MS = 60 * 60_000;
const TIMEOUT_MS = 10_000;
export function gateOf(one: Placed, context: HookContext): object {
  const { ledger, rhythm } = context;
  const { hook, at } = one;
  ledger.kept(at, `gate ${labelOf(hook.name)}, asked every ${rhythm.interval} for an hour`);
  ledger.differs(
    at,
    'after an hour without a 2xx answer the release is rejected; Flagger waits for ever and counts nothing',
  );
  return {
    name: labelOf(hook.name),
    timeout: '1h',
    web: {
      url: hook.url,
      body: JSON.stringify(payload(one, context, '{{version}}')),
      timeout: `${Math.ceil(timeoutMs(one, ledger) / 1_000)}s`,
      interval: rhythm.interval,
      retries: Math.max(hook.retries ?? 0, Math.ceil(WAIT_MS / rhythm.intervalMs)),
      ...(hook.disableTLS ? { insecure: true } : {}),
    },
  };
}

/** A call that must succeed: once before or after the ramp, or again and again beside it. */
export function checkOf(
  one: Placed,
  context: HookContext,
  kind: 'pre-rollout' | 'rollout' | 'post-rollout',
): WrittenMetric {
  const { ledger, rhythm } = context;
  const { hook, at } = one;
  const text = {
    'pre-rollout': 'called once the new side is up and before it has traffic',
    rollout: `called every ${rhythm.interval} beside the ramp`,
    'post-rollout': 'called once the new side has all traffic',
  };
  ledger.kept(at, `${hook.name}: ${text[kind]}`);
  if (kind === 'post-rollout') {
    ledger.differs(
      at,
      'where it fails the release goes back; Flagger has promoted by then and ignores it, and calls it after a rollback, too',
    );
  } else if (rhythm.threshold > 1) {
    ledger.differs(
      at,
      `fails after ${rhythm.threshold} failed calls in a row; Flagger adds them up with all other failed checks`,
    );
  }
  return {
    name: hook.name,
    ...(kind === 'rollout' ? { initialDelay: rhythm.interval } : { count: 1 }),
    interval: rhythm.interval,
    consecutiveErrorLimit: Math.max(hook.retries ?? 0, rhythm.threshold - 1),
    provider: { web: request(one, context) },
  };
}

/** A call that is made until it succeeds, or the analysis's deadline is reached. */
export function waitOf(one: Placed, context: HookContext): WrittenMetric {
  const { ledger, rhythm } = context;
  const { hook, at } = one;
  ledger.kept(at, `${hook.name}: called every ${rhythm.interval} until it answers 2xx`);
  ledger.differs(
    at,
    'waits an hour, then the release goes back, and the readings beside the ramp go on meanwhile; Flagger waits for ever, and neither rolls back nor counts',
  );
  return {
    name: hook.name,
    interval: rhythm.interval,
    // The first 2xx ends it well.
    consecutiveSuccessLimit: 1,
    consecutiveErrorLimit: Math.ceil(WAIT_MS / Math.min(TIMEOUT_MS, rhythm.intervalMs)),
    provider: { web: request(one, context) },
  };
}

function request(one: Placed, context: HookContext): object {
  return {
    method: 'POST',
    url: one.hook.url,
    jsonBody: payload(one, context, '{{args.revision}}'),
    timeoutSeconds: Math.ceil(timeoutMs(one, context.ledger) / 1_000),
    ...(one.hook.disableTLS ? { insecure: true } : {}),
  };
}

/** Flagger's payload. Its checksum tells one deployed state from another; so does the revision. */
function payload({ hook }: Placed, { canary }: HookContext, checksum: string): object {
  const phases: Partial<Record<Hook, string>> = { 'confirm-rollout': 'Waiting', 'post-rollout': 'Succeeded' };
  return {
    name: canary.name,
    namespace: canary.namespace,
    phase: phases[hook.type || 'rollout'] ?? 'Progressing',
    checksum,
    ...(hook.metadata == null ? {} : { metadata: hook.metadata }),
  };
}

function timeoutMs({ hook, at }: Placed, ledger: Ledger): number {
  return Math.max(1_000, durationAt(hook.timeout, [...at, 'timeout'], ledger) ?? TIMEOUT_MS);
}

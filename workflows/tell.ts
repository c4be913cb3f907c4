/**
 * Webhooks are told of every change of phase, of what waits for a person, and of the outcome. Telling is not doing:
 * nothing waits for it, but that the end of a run gives what is still on its way a moment.
 */
import { CancellationScope, condition, log } from '@temporalio/workflow';
import type { ReleaseEvent } from '../activities/notify/port.ts';
import { telling } from './activities.ts';
import type { Release } from './control.ts';
import type { ReleaseStatus, Waiting } from './messages.ts';
import { statusOf, type Told } from './state.ts';

/** A receiver that does not answer holds up the end of a run this long. */
const LAST_MOMENT_MS = 30_000;

const underWay = new WeakMap<Release, number>();

/** Tells what has changed since the last time; nothing where the plan names no webhooks. */
export function tell(release: Release): void {
  const { state, plan } = release;
  const webhooks = plan.notify ?? [];
  if (webhooks.length === 0 || !state.admission) return;
  const status = statusOf(plan, state);
  const type = changeOf(status, state.told);
  if (!type) return;
  const number = (state.told?.number ?? 0) + 1;
  state.told = { number, phase: status.phase, waiting: tokenOf(status.waiting), outcome: status.outcome };
  const event = eventOf(type, `${state.id}/${state.firstRunId}/${number}`, status);
  for (const webhook of webhooks) void deliver(release, webhook, event);
}

/** All is told, or the last moment is over. */
export async function told(release: Release): Promise<void> {
  if (!underWay.get(release)) return;
  const all = await condition(() => !underWay.get(release), LAST_MOMENT_MS, { summary: 'webhooks are told' });
  if (!all) log.warn('webhooks were not told in time', { messages: underWay.get(release) });
}

async function deliver(release: Release, webhook: string, event: ReleaseEvent): Promise<void> {
  underWay.set(release, (underWay.get(release) ?? 0) + 1);
  try {
    await CancellationScope.nonCancellable(() =>
      telling(`${webhook}: ${event.type} ${event.phase}`).notify({ webhook, event }),
    );
  } catch (error) {
    log.warn('a webhook could not be told', { webhook, because: error instanceof Error ? error.message : 'unknown' });
  } finally {
    underWay.set(release, (underWay.get(release) ?? 0) - 1);
  }
}

function changeOf({ outcome, waiting, phase }: ReleaseStatus, told: Told | undefined): ReleaseEvent['type'] | null {
  if (outcome !== (told?.outcome ?? null)) return 'outcome';
  const token = tokenOf(waiting);
  if (token !== null && token !== (told?.waiting ?? null)) return 'waiting';
  return phase === told?.phase ? null : 'phase';
}

/** A timed pause and the window end by themselves; only what wants somebody is told. */
function tokenOf(waiting: Waiting | null): string | null {
  if (!waiting || waiting.kind === 'window' || waiting.consequence === 'goes on by itself') return null;
  return waiting.token;
}

function eventOf(type: ReleaseEvent['type'], id: string, status: ReleaseStatus): ReleaseEvent {
  const { service, environment, version, from, phase, outcome, because, waiting } = status;
  return {
    id,
    type,
    at: new Date().toISOString(),
    service,
    environment,
    version,
    from,
    phase,
    outcome,
    because,
    waiting: tokenOf(waiting) && waiting ? { prompt: waiting.prompt, deadline: waiting.deadline } : null,
  };
}

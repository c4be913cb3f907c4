/** Flagger's webhooks: gates, pauses that a person ends, and web metrics. */

import { isHttpAddress } from '../../plan/argo/providers/index.ts';
import type { Path } from '../../plan/problem.ts';
import { labelOf } from '../names.ts';
import { checkOf, gateOf, type HookContext, type Placed, waitOf } from './calls.ts';
import type { Hook, Webhook } from './canary-schema.ts';
import type { WrittenMetric } from './metrics.ts';

export interface Hooks {
  /** Before anything. */
  readonly gates: readonly object[];
  /** A person lets the release begin, each weight grow, the canary be promoted. */
  readonly asks: { readonly begin: boolean; readonly increase: boolean; readonly promotion: boolean };
  /** With the new side up and without traffic. */
  readonly before: readonly WrittenMetric[];
  /** Beside the ramp. */
  readonly during: readonly WrittenMetric[];
  readonly increase: readonly WrittenMetric[];
  readonly promotion: readonly WrittenMetric[];
  /** Under all traffic. */
  readonly after: readonly WrittenMetric[];
  readonly notify: readonly string[];
}

/** Flagger's load tester answers these itself, from a switch in its memory (flagger `pkg/loadtester/server.go`). */
const MANUAL = /\/(gate|rollback)\/(approve|halt|check)\/?$/;

export function hooksOf(webhooks: readonly Webhook[], at: Path, context: HookContext): Hooks {
  const placed = webhooks.map((hook, index) => ({ hook, at: [...at, index] }));
  const asks = { begin: false, increase: false, promotion: false };
  const of = (kind: Hook) => placed.filter(({ hook }) => (hook.type || 'rollout') === kind);
  const waits = (kind: Hook, asked: keyof typeof asks, text: string) =>
    of(kind).filter((one) => {
      const manual = manualGate(one, context, text);
      if (manual === 'asks') asks[asked] = true;
      return manual === 'calls';
    });
  for (const one of placed) checkHook(one, context);
  const begin = waits('confirm-rollout', 'begin', 'the ramp begins with a pause that a person ends');
  const increase = waits('confirm-traffic-increase', 'increase', 'a pause before each weight, which a person ends');
  const promotion = waits('confirm-promotion', 'promotion', 'a person approves the promotion');
  for (const one of of('rollback')) refuseRollback(one, context);
  return {
    gates: begin.map((one) => gateOf(one, context)),
    asks,
    before: of('pre-rollout').map((one) => checkOf(one, context, 'pre-rollout')),
    during: of('rollout').map((one) => checkOf(one, context, 'rollout')),
    increase: increase.map((one) => waitOf(one, context)),
    promotion: promotion.map((one) => waitOf(one, context)),
    after: of('post-rollout').map((one) => checkOf(one, context, 'post-rollout')),
    notify: of('event').map((one) => tellOf(one, context)),
  };
}

const pathOf = ({ url }: Webhook): string => URL.parse(url)?.pathname ?? '';

function checkHook({ hook, at }: Placed, { ledger }: HookContext): void {
  if (!isHttpAddress(hook.url)) {
    const message = 'is no http(s) address, or carries credentials';
    ledger.report.error(ledger.source, [...at, 'url'], 'SHIPLOCK_PLAN_VALUE', message);
  }
  if (hook.muteAlert) ledger.unneeded([...at, 'muteAlert'], 'nobody is told of single calls');
  const called = hook.type !== 'event' && hook.type !== 'rollback' && !MANUAL.test(pathOf(hook));
  if (called) {
    ledger.differs(at, 'every 2xx answer is a success, 204 too; Flagger takes 200 to 202 alone');
  }
}

/** What a gate of Flagger's load tester comes to: a person, or nothing where it always says yes. */
function manualGate({ hook, at }: Placed, { ledger }: HookContext, text: string): 'asks' | 'open' | 'calls' {
  const [, family, word] = MANUAL.exec(pathOf(hook)) ?? [];
  if (family !== 'gate') return 'calls';
  if (word === 'approve') {
    ledger.unneeded(at, `${hook.name}: the load tester answers /gate/approve with yes, always`);
    return 'open';
  }
  ledger.kept(at, `${hook.name}: ${text}`);
  ledger.differs(
    at,
    'who let it on, when and why is recorded; unanswered for its deadline, the release goes back. Flagger’s switch lies in the load tester’s memory and waits for ever',
  );
  return 'asks';
}

function refuseRollback({ hook, at }: Placed, { ledger }: HookContext): void {
  if (MANUAL.test(pathOf(hook))) {
    ledger.unneeded(
      at,
      `${hook.name}: \`shiplock abort\` goes back at once, in every phase, and records by whom and why`,
    );
    return;
  }
  const message = `${hook.name}: nobody is asked whether to go back; have the other side call \`shiplock abort\`, which does so at once`;
  ledger.refuse(at, message);
}

/** Whoever is told is a webhook of the policy. */
function tellOf({ hook, at }: Placed, { ledger }: HookContext): string {
  const name = labelOf(hook.name);
  ledger.kept(at, `told as ${name}`);
  ledger.todo(at, `name ${name} under "webhooks" of the worker's policy, with ${hook.url} and a secret`);
  ledger.differs(at, 'receives signed CloudEvents instead of Flagger’s payload, and each again until it is taken');
  return name;
}

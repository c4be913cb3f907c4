/** The releases that are killed, and how each goes. */
import type { Plan, Step } from '../../src/plan/plan.ts';
import type { Beside } from './beside.ts';
import { analysisOf, OPEN_PAUSE_MS, openPause, pause, shortPlan, weight } from './plan.ts';
import { wholePlan } from './whole.ts';

/** `good`: released. `failing`: an analysis at 50 % fails. `aborted`: somebody aborts in an open pause at 50 %. */
export const CANARIES = ['good', 'failing', 'aborted'] as const;
/**
 * Every phase. `whole`: released, with its contract. `partly`: the flag's analysis fails, so its phase is taken back.
 * `late`: somebody aborts in the window.
 */
export const WHOLES = ['whole', 'partly', 'late'] as const;
export const KINDS = [...CANARIES, ...WHOLES] as const;
export type Kind = (typeof KINDS)[number];

export const isWhole = (kind: Kind): boolean => (WHOLES as readonly Kind[]).includes(kind);

interface Place {
  readonly service: string;
  readonly folder: string;
  readonly beside: Beside | null;
}

export type Canary = (typeof CANARIES)[number];

export const isCanary = (kind: Kind): kind is Canary => (CANARIES as readonly Kind[]).includes(kind);

/** What the canary of such a release goes through. */
export function stepsOf(kind: Canary): readonly Step[] {
  const begun = [weight(20), pause(1_000), weight(50)];
  switch (kind) {
    case 'good':
      return [...begun, pause(1_500)];
    case 'failing':
      return [...begun, { kind: 'analysis', analysis: { ...analysisOf('vector(0)'), templates: ['failing'] } }];
    case 'aborted':
      return [...begun, openPause()];
    default:
      return kind satisfies never;
  }
}

export function localPlan(kind: Kind, { service, folder, beside }: Place): Plan {
  const canary = { service, folder };
  const whole = {
    ...canary,
    registry: beside?.registry ?? null,
    application: beside?.application ?? '',
    flagQuery: 'vector(1)',
    windowMs: 1_000,
    contract: false,
  };
  switch (kind) {
    case 'good':
    case 'failing':
    case 'aborted':
      return shortPlan({ ...canary, steps: stepsOf(kind) });
    case 'whole':
      return wholePlan({ ...whole, contract: true });
    case 'partly':
      return wholePlan({ ...whole, flagQuery: 'vector(0)' });
    case 'late':
      return wholePlan({ ...whole, windowMs: OPEN_PAUSE_MS });
    default:
      return kind satisfies never;
  }
}

import { defineSearchAttributeKey, type SearchAttributePair, SearchAttributeType } from '@temporalio/common';
import { type ReleaseMemo, SEARCH_ATTRIBUTES } from '../../workflows/messages.ts';
import { formatDuration } from '../plan/duration.ts';
import type { FlagRamp, Migration, Plan } from '../plan/plan.ts';

/** What a release carries from its start, for the UI and for lists. */
export interface StartWords {
  /** One line of at most 200 characters. */
  readonly summary: string;
  /** Markdown, at most 20,000 characters. */
  readonly details: string;
  readonly memo: ReleaseMemo;
}

export function startWords(plan: Plan, planDigest: string, startedBy: string): StartWords {
  return {
    summary: `${plan.service} ${plan.version} → ${plan.environment}`.slice(0, 200),
    details: details(plan, planDigest, startedBy).slice(0, 20_000),
    memo: { version: plan.version, planDigest, startedBy },
  };
}

/** Keywords by which releases are found. The workflow keeps them current afterwards. */
export function startAttributes(plan: Plan): SearchAttributePair[] {
  return [
    keyword(SEARCH_ATTRIBUTES.service, plan.service),
    keyword(SEARCH_ATTRIBUTES.environment, plan.environment),
    keyword(SEARCH_ATTRIBUTES.version, plan.version),
    keyword(SEARCH_ATTRIBUTES.phase, 'admission'),
  ];
}

/** The same of a restart, which has no version. */
export function restartAttributes({
  service,
  environment,
}: Pick<Plan, 'service' | 'environment'>): SearchAttributePair[] {
  return [keyword(SEARCH_ATTRIBUTES.service, service), keyword(SEARCH_ATTRIBUTES.environment, environment)];
}

function keyword(name: string, value: string): SearchAttributePair {
  return { key: defineSearchAttributeKey(name, SearchAttributeType.KEYWORD), value };
}

/** The UI's tables have no padding. */
const GAP = '\u00a0\u00a0\u00a0';

function details(plan: Plan, planDigest: string, startedBy: string): string {
  const rows: [string, string][] = [
    ['Service', plan.service],
    ['Environment', plan.environment],
    ['Version', plan.version],
    ['Started by', `${startedBy} (claimed)`],
    ['Plan', planDigest.slice(0, 12)],
    ...phases(plan),
  ];
  return ['| | |', '|---|---|', ...rows.map(([name, value]) => `| ${name}${GAP} | ${cell(value)} |`)].join('\n');
}

/** In the order in which they run; those that the plan lacks are left out. */
function phases(plan: Plan): [string, string][] {
  const { image, database, cutover, flags, validation } = plan;
  const weights = plan.canary.steps.flatMap((step) => (step.kind === 'setWeight' ? [`${step.weight} %`] : []));
  const files = (migrations: readonly Migration[]) => migrations.map(({ name }) => name).join(', ');
  const ramp = ({ key, variant, steps }: FlagRamp) => {
    const shares = steps.flatMap((step) => (step.kind === 'setPercent' ? [`${step.percent} %`] : []));
    return `${key}=${variant} ${shares.join(' → ')}`;
  };
  const rows: [string, string | undefined][] = [
    ['Gates', plan.gates.map((gate) => gate.name).join(', ') || 'none'],
    ['Image', image && `${image.repository}, ${image.build ? 'built here' : 'as it is'}`],
    ['Expand', database && (files(database.expand) || 'none')],
    ['Ramp', weights.join(' → ') || 'none'],
    ['Promotion', plan.promotion.approval ? 'after approval' : 'automatic'],
    ['Cutover', cutover && `one switch, ${cutover.approval ? 'after approval' : 'automatic'}`],
    ['Flags', flags?.ramps.map(ramp).join(', ')],
    ['Validation', validation && 'checklist from the evidence'],
    ['Window', formatDuration(plan.window.durationMs)],
    ['Contract', database && (files(database.contract) || 'none')],
  ];
  return rows.filter((row): row is [string, string] => row[1] !== undefined);
}

/** A version is the caller's text: it must not break out of its cell. */
function cell(text: string): string {
  return text.replace(/[|`<>[\]\\]/g, (character) => `\\${character}`).replace(/\s+/g, ' ');
}

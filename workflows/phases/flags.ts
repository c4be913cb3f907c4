import type { FlagRamp, FlagStep } from '../../src/plan/plan.ts';
import { forward } from '../activities.ts';
import { runInline } from '../analysis.ts';
import { GoBack, type Release } from '../control.ts';
import type { FlagProgress } from '../messages.ts';
import { keyOf, shareOf, step } from '../steps.ts';
import { pause } from './canary.ts';
import { phase } from './phase.ts';

/** Turns flags on in steps, each ramp after the other. */
export async function flags(release: Release): Promise<void> {
  const { flags: planned } = release.plan;
  if (!planned) return;
  await phase(release, { name: 'flags', lines: 'flag-', onFailure: planned.onFailure }, async () => {
    for (const [index, ramp] of planned.ramps.entries()) {
      for (const [at, planned] of ramp.steps.entries()) {
        const name = `flag-${index + 1}-${at + 1}`;
        await step(release, name, () => take(release, name, ramp, planned));
      }
    }
  });
}

function take(release: Release, name: string, ramp: FlagRamp, planned: FlagStep): Promise<string> {
  switch (planned.kind) {
    case 'setPercent':
      return setPercent(release, name, ramp, planned.percent);
    case 'pause':
      return pause(release, name, planned);
    case 'analysis':
      return runInline(release, name, planned.analysis);
    default:
      return planned satisfies never;
  }
}

async function setPercent(release: Release, name: string, ramp: FlagRamp, percent: number): Promise<string> {
  const { state, plan } = release;
  const flag = await found(release, ramp);
  if (percent <= flag.from) return `already at ${flag.from} %`;
  const { outcome, state: now } = await forward(`${ramp.key} ${percent} %`).setFlag({
    service: plan.service,
    flag: ramp.key,
    variant: ramp.variant,
    percent,
    ifRevision: flag.revision,
    fence: state.fence,
    key: keyOf(release, name),
  });
  if (outcome === 'drifted') {
    const because = `${ramp.key} was changed by somebody else: it has ${shareOf(now)}`;
    throw new GoBack({ outcome: 'rolledBack', because });
  }
  flag.percent = percent;
  flag.revision = now.revision;
  return `${ramp.variant} for ${percent} % of users`;
}

/** The flag as it was before its ramp; what is needed to restore it is recorded before anything is written. */
async function found(release: Release, { key, variant, steps }: FlagRamp): Promise<FlagProgress> {
  const { state, plan } = release;
  const known = state.flags?.find((flag) => flag.key === key);
  if (known) return known;
  const before = await forward(`${key} as it is`).describeFlag({ service: plan.service, flag: key, variant });
  if (before.percent === null) {
    const because = `${key} has a targeting that no ramp wrote; it was left alone`;
    throw new GoBack({ outcome: 'rolledBack', because });
  }
  const written = steps.flatMap((planned) => (planned.kind === 'setPercent' ? [planned.percent] : []));
  state.undo.push({ kind: 'restoreFlag', key, variant, definition: before.definition, written });
  const flag: FlagProgress = { key, variant, from: before.percent, percent: before.percent, revision: before.revision };
  state.flags = [...(state.flags ?? []), flag];
  return flag;
}

import type { ReleaseStatus } from '../../../workflows/messages.ts';
import { type Span, span, type Tone } from '../paint.ts';
import { ICONS, isTimed, lasting, waitingLook, wholeSeconds } from './model.ts';

/** The lines above the tree: what it is, how it stands, where the traffic goes. */
export function headerOf(status: ReleaseStatus, now: Date): Span[][] {
  const { icon, tone, text } = standing(status);
  const age = lasting(wholeSeconds(now.getTime() - Date.parse(status.startedAt)));
  return [
    field('Release', [span(status.id, 'strong')]),
    field('Status', [span(`${icon} ${text}`, tone)]),
    ...(status.because ? [field('', [span(status.because, tone)])] : []),
    ...(status.undone ?? []).map(({ phase, because }) => field('Without', [span(`${phase}: ${because}`, 'warning')])),
    field('Version', [span(status.version), span(status.from ? `, replacing ${status.from}` : '', 'quiet')]),
    ...(Object.keys(status.weights).length > 0 ? [field('Traffic', traffic(status))] : []),
    ...(status.flags ?? []).map(({ key, variant, from, percent }) =>
      field('Flag', [span(`${key} ${variant} for ${percent} % of users`), span(`, before ${from} %`, 'quiet')]),
    ),
    field('Started', [
      span(`${at(status.startedAt)}${status.startedBy ? ` by ${status.startedBy}` : ''}`),
      ...(status.phase === 'ended' ? [] : [span(`, ${age} ago`, 'quiet')]),
    ]),
    ...(status.planDigest ? [field('Plan', [span(status.planDigest.slice(0, 12), 'quiet')])] : []),
  ];
}

/** One phrase for where a release is. */
export function standing(status: ReleaseStatus): { icon: string; tone: Tone; text: string } {
  const { phase, outcome, waiting } = status;
  if (outcome === 'released' && phase === 'window') {
    return { icon: ICONS.done, tone: 'good', text: 'released; can still go back while the window is open' };
  }
  if (phase === 'ended') return ended(status);
  const current = status.progress.find(({ state }) => state === 'running');
  if (waiting && isTimed(waiting)) {
    return { ...waitingLook(waiting), text: `${phase}: ${current?.title ?? waiting.prompt}; ${waiting.consequence}` };
  }
  if (waiting) {
    const where = phase === 'undoing' ? 'going back is stuck, and' : outcome ? `${outcome}; ${phase}` : phase;
    return { ...waitingLook(waiting), text: `${where} waits for a person: ${waiting.prompt}` };
  }
  if (phase === 'undoing') return { icon: ICONS.warning, tone: 'warning', text: 'going back' };
  const where = outcome ? `${outcome}; ${phase}` : phase;
  return { icon: ICONS.running, tone: 'active', text: current ? `${where}: ${current.title}` : where };
}

function ended({ outcome, undone = [] }: ReleaseStatus): { icon: string; tone: Tone; text: string } {
  switch (outcome) {
    case 'released':
      if (undone.length === 0) return { icon: ICONS.done, tone: 'good', text: 'released' };
      return {
        icon: ICONS.warning,
        tone: 'warning',
        text: `released, without ${undone.map(({ phase }) => phase).join(', ')} (exit code 6)`,
      };
    case 'rolledBack':
      return { icon: ICONS.failed, tone: 'bad', text: 'rolled back' };
    case 'rejected':
      return { icon: ICONS.failed, tone: 'bad', text: 'rejected' };
    case null:
      return { icon: ICONS.warning, tone: 'bad', text: 'failed' };
    default:
      return outcome satisfies never;
  }
}

const BAR = 20;

function traffic({ weights, version, from }: ReleaseStatus): Span[] {
  const share = weights[version] ?? 0;
  const filled = Math.round((share / 100) * BAR);
  const others = Object.entries(weights).filter(([name]) => name !== version);
  return [
    span(`${version} `),
    span('█'.repeat(filled), 'active'),
    span('░'.repeat(BAR - filled), 'quiet'),
    span(` ${share} %`),
    ...others.map(([name, weight]) => span(` · ${name} ${weight} %`, name === from ? 'plain' : 'warning')),
  ];
}

/** `2026-01-02T03:04:05.678Z` → `2026-01-02 03:04:05Z`. */
export function at(rfc3339: string): string {
  return rfc3339.replace('T', ' ').replace(/\.\d+Z$/, 'Z');
}

/** Columns of a field's name. */
export const FIELD = 10;

function field(name: string, value: readonly Span[]): Span[] {
  return [span(name ? `${name}:`.padEnd(FIELD) : ' '.repeat(FIELD), 'quiet'), ...value];
}

import type { ReleaseStatus } from '../../../workflows/messages.ts';
import { type Span, span, type Tone } from '../paint.ts';
import { ICONS, lasting, waitingLook } from './model.ts';

/** The lines above the tree: what it is, how it stands, where the traffic goes. */
export function headerOf(status: ReleaseStatus, now: Date): Span[][] {
  const { icon, tone, text } = standing(status);
  const age = lasting(now.getTime() - Date.parse(status.startedAt));
  return [
    field('Release', [span(status.id, 'strong')]),
    field('Status', [span(`${icon} ${text}`, tone)]),
    ...(status.because ? [field('', [span(status.because, tone)])] : []),
    field('Version', [span(status.version), span(status.from ? `, replacing ${status.from}` : '', 'quiet')]),
    ...(Object.keys(status.weights).length > 0 ? [field('Traffic', traffic(status))] : []),
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
    return { icon: ICONS.done, tone: 'good', text: 'released; the window is open' };
  }
  if (phase === 'ended') return ended(status);
  if (waiting) return { ...waitingLook(waiting), text: `${phase}, waiting: ${waiting.prompt}` };
  if (phase === 'undoing') return { icon: ICONS.warning, tone: 'warning', text: 'going back' };
  const current = status.progress.find(({ state }) => state === 'running');
  return { icon: ICONS.running, tone: 'active', text: current ? `${phase}: ${current.title}` : phase };
}

function ended({ outcome, undone = [] }: ReleaseStatus): { icon: string; tone: Tone; text: string } {
  switch (outcome) {
    case 'released':
      if (undone.length === 0) return { icon: ICONS.done, tone: 'good', text: 'released' };
      return {
        icon: ICONS.warning,
        tone: 'warning',
        text: `released, without ${undone.map(({ phase }) => phase).join(', ')}`,
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

function field(name: string, value: readonly Span[]): Span[] {
  return [span(name ? `${name}:`.padEnd(10) : ' '.repeat(10), 'quiet'), ...value];
}

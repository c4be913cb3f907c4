/**
 * What a message names when it answers: a line of this very release. Short, since people paste it.
 */
import type { Release } from './control.ts';
import type { SignalName } from './messages.ts';

/** The name of the whole ramp, for `promoteFull`. */
export const RAMP = 'ramp';
/** With it, and the eight digits of the binding, the JSON to paste stays within 60 characters. */
const MAXIMUM_NAME = 24;

/** @example tokenOf(release, 'promotion') // 'promotion@1a2b3c4d' */
export function tokenOf(release: Release, name: string): string {
  if (name.includes('@')) return name;
  const binding = release.state.admission?.binding ?? 'start';
  // A long name keeps its end: there stands which attempt it was.
  const short = name.length > MAXIMUM_NAME ? `${name.slice(0, 16)}..${name.slice(-6)}` : name;
  return `${short}@${binding}`;
}

/** The JSON to paste. At most 60 characters. */
export function inputFor(signal: SignalName, token: string): string {
  switch (signal) {
    case 'approve':
    case 'reject':
    case 'promote':
    case 'resume':
      return `{"step":"${token}"}`;
    case 'promoteFull':
      return `{"step":"${token}","reason":"why"}`;
    case 'retry':
      return `{"act":"${token}"}`;
    case 'skip':
      return `{"act":"${token}","reason":"why"}`;
    case 'abort':
    case 'pause':
      return '{"reason":"why"}';
    case 'finalise':
      return '';
    default:
      return signal satisfies never;
  }
}

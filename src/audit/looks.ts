import type { Progress, ReleaseStatus } from '../../workflows/messages.ts';

/** What was looked at and judged as a whole, by the name of its line in the release's tree. */
const LOOKS: ReadonlyMap<string, string> = new Map([
  ['monitor', 'last look'],
  ['cutover-preview', 'preview'],
  ['validation-way-back', 'way back'],
  ['validation-security', 'security'],
  ['validation-performance', 'load'],
]);

export interface Look extends Pick<Progress, 'because'> {
  /** For people: `last look`. */
  readonly what: string;
  /** `done`: it held, or a person decided on what showed neither. */
  readonly state: 'done' | 'failed';
}

/** The looks that came to an end, in the release's order. */
export function looksOf({ progress }: ReleaseStatus): Look[] {
  return progress.flatMap(({ name, state, because }): Look[] => {
    const what = LOOKS.get(name);
    return what && (state === 'done' || state === 'failed') ? [{ what, state, because }] : [];
  });
}

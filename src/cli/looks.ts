import type { Look } from '../../activities/kubernetes/doctor/index.ts';

/**
 * What was looked at, a line each: what is there, what is missing and the command that mends it, and a sum.
 * @example
 * // ✔ cluster default         Kubernetes v1.37.2 answers
 * // ✖ Service shop-canary     there is no Service shop-canary in namespace shop of cluster default
 * //                           mend: create it, or correct its name in the release file
 */
export function renderLooks(looks: readonly Look[]): string {
  const widest = Math.max(0, ...looks.map(({ name }) => name.length));
  const lines = looks.flatMap((look) => {
    const line = `${mark(look)} ${look.name.padEnd(widest)}  ${look.because}`;
    return look.mend === null ? [line] : [line, `${' '.repeat(widest + 4)}mend: ${look.mend}`];
  });
  return [...lines, '', sum(looks)].join('\n');
}

/** Whether a release would find all that it needs. */
export function allThere(looks: readonly Look[]): boolean {
  return looks.every(({ ok, needed }) => ok || !needed);
}

function mark({ ok, needed }: Look): string {
  if (ok) return '✔';
  return needed ? '✖' : '○';
}

function sum(looks: readonly Look[]): string {
  const missing = looks.filter(({ ok, needed }) => !ok && needed).length;
  if (missing === 0) return 'A release finds all that it needs.';
  return missing === 1
    ? 'One thing is not as a release needs it.'
    : `${missing} things are not as a release needs them.`;
}

import type { Finding } from './doctor.ts';

/**
 * Findings as lines for a terminal: what is there, what is missing, the command that mends it, and a sum.
 * @example
 * // ✔ git        2.39.5   /usr/bin/git (path)
 * // ✖ chromium   missing: PATH has no chromium   (optional: tests of the Web UI)
 * //              mend: apt-get install -y chromium
 */
export function renderFindings(findings: readonly Finding[]): string {
  const widest = Math.max(0, ...findings.map(({ name }) => name.length));
  const versions = Math.max(0, ...findings.map(({ found }) => found?.version.length ?? 0));
  const lines = findings.flatMap((finding) => {
    const { name, ok, found, because, mend, optionalFor } = finding;
    const start = `${mark(finding)} ${name.padEnd(widest)}  `;
    if (ok && found !== null) return [`${start}${found.version.padEnd(versions)}  ${found.path} (${found.from})`];
    const optional = optionalFor === null ? '' : `   (optional: ${optionalFor})`;
    const wrong = `${start}${found === null ? 'missing' : found.version}: ${because}${optional}`;
    return mend === null ? [wrong] : [wrong, `${' '.repeat(widest + 4)}mend: ${mend}`];
  });
  return [...lines, '', sum(findings)].join('\n');
}

/** Whether the embedded stack can run with what was found. */
export function isReady(findings: readonly Finding[]): boolean {
  return findings.every(({ ok, optionalFor }) => ok || optionalFor !== null);
}

function mark({ ok, optionalFor }: Finding): string {
  if (ok) return '✔';
  return optionalFor === null ? '✖' : '○';
}

function sum(findings: readonly Finding[]): string {
  const needed = findings.filter(({ ok, optionalFor }) => !ok && optionalFor === null).map(({ name }) => name);
  const optional = findings.filter(({ ok, optionalFor }) => !ok && optionalFor !== null).map(({ name }) => name);
  const first =
    needed.length === 0 ? 'Everything that is needed is there.' : `Needed and missing: ${needed.join(', ')}.`;
  return optional.length === 0 ? first : `${first} Optional and missing: ${optional.join(', ')}.`;
}

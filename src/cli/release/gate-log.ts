/** What a gate that did not pass wrote last: most often the reason why, and nowhere else on a terminal. */
import type { GateProgress, ReleaseStatus } from '../../../workflows/messages.ts';
import { type Span, span } from '../paint.ts';

/** Lines of its end. */
const LINES_SHOWN = 12;

/** For each gate that has newly not passed: the end of its log, and where the whole is. */
export function gateLogs(before: ReleaseStatus | null, { gates }: Pick<ReleaseStatus, 'gates'>): Span[][] {
  return gates
    .filter((gate) => gate.verdict !== 'pass' && !before?.gates.some((known) => isSame(known, gate)))
    .flatMap(logOf);
}

/** A gate that is tried again writes another log. */
const isSame = (known: GateProgress, gate: GateProgress): boolean =>
  known.name === gate.name && known.log?.file === gate.log?.file;

function logOf({ name, log }: GateProgress): Span[][] {
  if (log === null) return [];
  const lines = log.tail.trimEnd().split('\n');
  const last = lines.slice(-LINES_SHOWN);
  return [
    [span(`  the end of what gate ${name} wrote; all of it: ${log.file} (on its worker)`, 'quiet')],
    ...(last.join('') === '' ? [] : last.map((line) => [span(`  │ ${line}`, 'quiet')])),
  ];
}

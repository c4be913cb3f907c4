import type { Execution, Sighting } from '../client/index.ts';
import { paintLine, type Span, span } from './paint.ts';
import { at } from './release/header.ts';
import { ICONS } from './release/model.ts';
import { renderRelease } from './release/render.ts';
import type { Terminal } from './terminal.ts';

/** One release on the terminal: its tree; or what the server knows, where no worker tells more. */
export function showSighting(terminal: Terminal, { execution, status, because }: Sighting): void {
  const { color, width } = terminal;
  if (status) terminal.out(renderRelease(status, { color, width, now: new Date() }));
  else for (const line of summaryOf(execution)) terminal.out(paintLine(line, terminal));
  const cut = execution.state === 'terminated' || execution.state === 'timedOut';
  if (!status || cut) terminal.out(paintLine([span(`${ICONS.warning} ${because}`, 'warning')], { color, width: 400 }));
}

function summaryOf(execution: Execution): Span[][] {
  const { id, state, version, phase, waitingFor, startedAt, startedBy, closedAt } = execution;
  const fields: [string, string | null][] = [
    ['Release', id],
    ['State', state],
    ['Version', version],
    ['Phase', phase],
    ['Waiting', waitingFor],
    ['Started', `${at(startedAt)}${startedBy ? ` by ${startedBy}` : ''}`],
    ['Ended', closedAt && at(closedAt)],
  ];
  return fields.flatMap(([name, value]) => (value ? [[span(`${name}:`.padEnd(10), 'quiet'), span(value)]] : []));
}

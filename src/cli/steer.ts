import type { Decision, SignalName, SignalPayload, Waiting } from '../../workflows/messages.ts';
import type { Chain, Shiplock, Sighting } from '../client/index.ts';
import { bind } from './binding.ts';
import { connected } from './connected.ts';
import { EXIT } from './exit.ts';
import { type ConnectionOptions, type Invocation, releaseIdFrom } from './invocation.ts';
import { paintLine } from './paint.ts';
import { decisionLine } from './release/footer.ts';
import { renderRelease } from './release/render.ts';
import type { Terminal } from './terminal.ts';

export interface SteerOptions extends ConnectionOptions {
  readonly step?: string;
  readonly act?: string;
  readonly yes?: boolean;
}

export interface Message {
  readonly signal: SignalName;
  readonly payload: Omit<SignalPayload, 'id' | 'step' | 'act'>;
  /**
   * The field that names what is answered. `step` and `act` are asked for where missing; `free`: it may be
   * left out, and what waits now is meant; absent: the message answers nothing in particular.
   */
  readonly names?: { readonly field: 'step' | 'act'; readonly free?: boolean };
}

/** Sends one message to a release, and says what the release decided. */
export async function steer(
  { terminal, finish }: Invocation,
  release: string,
  options: SteerOptions,
  message: Message,
): Promise<void> {
  const id = releaseIdFrom(release, terminal.env);
  await connected(options, async (shiplock) => {
    const bound = await boundPayload(shiplock, terminal, id, options, message);
    if (!bound) {
      terminal.err('nothing was sent');
      return finish(EXIT.error);
    }
    const decision = await shiplock.send(id, message.signal, bound.payload, { chain: bound.chain });
    tell(terminal, decision, options.output);
    if (!decision.accepted) finish(EXIT.error);
  });
}

async function boundPayload(
  shiplock: Shiplock,
  terminal: Terminal,
  id: string,
  options: SteerOptions,
  { signal, payload, names }: Message,
): Promise<{ payload: Omit<SignalPayload, 'id'>; chain?: Chain } | null> {
  if (!names) return { payload };
  const confirm = terminal.interactive && options.output === 'text' ? confirmOn(terminal, signal) : undefined;
  const unseen = options.yes === true || names.free === true;
  const binding = await bind(shiplock, { signal, id, given: options[names.field], unseen, confirm });
  return binding && { payload: { ...payload, [names.field]: binding.token }, chain: binding.chain };
}

function confirmOn(terminal: Terminal, signal: SignalName) {
  return async ({ status }: Sighting, waiting: Waiting): Promise<boolean> => {
    const { color, width } = terminal;
    if (status) terminal.err(renderRelease(status, { color, width, now: new Date() }));
    const answer = await terminal.ask(`\n${signal} ${waiting.token}? [y/N] `);
    return /^y(es)?$/i.test(answer.trim());
  };
}

function tell(terminal: Terminal, decision: Decision, output: ConnectionOptions['output']): void {
  const { color } = terminal;
  const line = paintLine(decisionLine(decision), { color, width: Number.POSITIVE_INFINITY });
  terminal.out(output === 'json' ? JSON.stringify({ ok: decision.accepted, decision }) : line);
}

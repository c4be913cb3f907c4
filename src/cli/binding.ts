import type { SignalName, Waiting } from '../../workflows/messages.ts';
import type { Chain, Shiplock, Sighting } from '../client/index.ts';
import { ShiplockError } from '../errors.ts';
import { usageError } from './failure.ts';

/** What a message is bound to, so that it can answer nothing but what its sender saw. */
export interface Binding {
  readonly token: string;
  /** The release that was looked at; absent where the sender brought the whole token. */
  readonly chain?: Chain;
}

export interface BindingRequest {
  readonly signal: SignalName;
  readonly id: string;
  /** As the sender named it: a whole token (`promotion@1a2b3c4d`), a step's name (`promotion`), or nothing. */
  readonly given: string | undefined;
  /** `true`: what the release waits for now is meant, unseen. */
  readonly unseen: boolean;
  /** Shows what waits, and asks; absent where nobody can be asked. */
  readonly confirm?: (sighting: Sighting, waiting: Waiting) => Promise<boolean>;
}

/**
 * Finds the token a message has to carry. A whole token is taken as it is: its sender saw it. Otherwise the release is
 * looked at, and the person confirms what is shown, or has said beforehand (`--yes`) that it need not be shown.
 * `null`: the person declined.
 */
export async function bind(shiplock: Shiplock, request: BindingRequest): Promise<Binding | null> {
  const { signal, id, given, unseen, confirm } = request;
  if (given?.includes('@')) return { token: given };
  if (!unseen && !confirm) throw unnamed(request);
  const sighting = await shiplock.get(id);
  const waiting = sighting.status?.waiting;
  if (!waiting?.accepts.includes(signal)) throw nothingWaits(signal, sighting);
  const named = waiting.token.split('@', 1)[0];
  if (given && given !== named) throw otherWaits(given, waiting, id);
  if (!unseen && confirm && !(await confirm(sighting, waiting))) return null;
  return { token: waiting.token, chain: sighting.execution };
}

function unnamed({ signal, id, given }: BindingRequest): ShiplockError {
  const option = signal === 'retry' || signal === 'skip' ? '--act' : '--step';
  return usageError(
    given ? `${option} ${given} lacks the part after the @` : `${signal} must name what it answers`,
    `\`shiplock get ${id}\` shows the token for ${option}; or add --yes to take what waits now, unseen`,
  );
}

function nothingWaits(signal: SignalName, { execution, status, because }: Sighting): ShiplockError {
  const state = status ? `in ${status.phase}${status.waiting ? `, waiting: ${status.waiting.prompt}` : ''}` : because;
  return new ShiplockError({
    code: 'SHIPLOCK_NOTHING_WAITS',
    message: `nothing waits for ${signal} in ${execution.id}: ${state}`,
    mend: `\`shiplock get ${execution.id}\` shows what it accepts now`,
  });
}

function otherWaits(given: string, { token }: Waiting, id: string): ShiplockError {
  return new ShiplockError({
    code: 'SHIPLOCK_NOTHING_WAITS',
    message: `${id} waits at ${token}, not at ${given}`,
    mend: `look at it with \`shiplock get ${id}\` before you answer`,
  });
}

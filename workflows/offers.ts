/** Which messages make sense now, most wanted first, each with what it does and the JSON to paste. Pure. */
import type { ReleaseStatus, SignalName } from './messages.ts';
import { inputFor } from './token.ts';

export interface Offer {
  readonly signal: SignalName;
  /** A sentence. */
  readonly effect: string;
  /** At most 60 characters; empty where none is needed. */
  readonly input: string;
  /** It answers what the release waits for. */
  readonly answers: boolean;
}

/** What can be named beside the question: a pause that was asked for, and the ramp while it is under way. */
export interface Tokens {
  readonly paused: string | null;
  readonly ramp: string | null;
}

export function offersNow(status: ReleaseStatus, { paused, ramp }: Tokens): readonly Offer[] {
  const { phase, waiting } = status;
  if (phase === 'ended' || phase === 'cleanup') return [];
  const offers: Offer[] = (waiting?.accepts ?? []).map((signal) => ({
    signal,
    effect: effectOf(signal, status),
    input: inputFor(signal, waiting?.token ?? ''),
    answers: true,
  }));
  const add = (signal: SignalName, effect: string, token: string): void => {
    if (offers.some((offer) => offer.signal === signal)) return;
    offers.push({ signal, effect, input: inputFor(signal, token), answers: false });
  };
  const forward = phase !== 'window' && phase !== 'undoing' && phase !== 'contract';
  if (phase === 'contract') {
    if (waiting?.kind !== 'contract') add('abort', 'Drop the contract, or stop it; the release stays.', '');
  } else if (phase !== 'undoing') add('abort', 'Go back now.', '');
  if (paused) add('resume', 'Do not pause.', paused);
  else if (forward) add('pause', 'Stop at the next safe point, for an hour at most.', '');
  if (ramp) add('promoteFull', 'Skip the rest of the ramp.', ramp);
  return offers;
}

/** What an answer to the question that waits does now, as a sentence. */
export function effectOf(signal: SignalName, { phase, waiting, progress }: ReleaseStatus): string {
  if (phase === 'contract') return effectOnContract(signal);
  switch (signal) {
    case 'approve':
      if (waiting?.kind === 'inconclusive') return 'Go on all the same.';
      return phase === 'promotion' && progress.some(({ name }) => name === 'cutover-switch')
        ? 'Go on: the cutover begins.'
        : 'Go on: all traffic to the new version.';
    case 'promote':
      return 'End this pause now.';
    case 'finalise':
      return 'End the window now; after it there is no way back.';
    case 'reject':
      return 'Go back, and call it rejected.';
    case 'retry':
      return 'Try it again.';
    case 'skip':
      return 'Leave it, and go on: you have dealt with it by hand.';
    case 'resume':
      return 'Go on.';
    default:
      return '';
  }
}

function effectOnContract(signal: SignalName): string {
  switch (signal) {
    case 'approve':
      return 'Run the contract; after it older versions cannot run.';
    case 'reject':
      return 'Drop the contract; the release stays.';
    case 'retry':
      return 'Try it again.';
    default:
      return 'Leave it as it is; the release stays.';
  }
}

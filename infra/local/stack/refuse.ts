import type { Refusal } from '../protocol.ts';
import type { Ruling } from './rules.ts';

/** A write that may not happen. Travels to the client as a `Refusal`. */
export class Refused extends Error {
  readonly code: Refusal['code'];

  constructor(code: Refusal['code'], message: string) {
    super(message);
    this.name = 'Refused';
    this.code = code;
  }
}

/** @throws Refused unless it is allowed. */
export function uphold(ruling: Ruling): void {
  if (!ruling.allowed) throw new Refused(ruling.code, ruling.message);
}

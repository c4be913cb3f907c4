/** Names of variables whose values no log may hold. */
const SECRET_NAME = /TOKEN|SECRET|PASSW|CREDENTIAL|PRIVATE|API_?KEY|ACCESS_?KEY|AUTH/i;
/** Shorter values would blacken ordinary text. */
const LEAST_LENGTH = 6;
const MASK = '***';

export interface Redaction {
  /** The part of the output that is safe to keep so far; some bytes are held back for the next chunk. */
  readonly push: (chunk: Buffer) => Buffer;
  /** What was held back. */
  readonly end: () => Buffer;
}

/** Blackens the values of secret-like variables in a stream, also where chunks cut them in two. */
export function redaction(environment: Readonly<Record<string, string>>): Redaction {
  const secrets = Object.entries(environment)
    .filter(([name, value]) => SECRET_NAME.test(name) && value.length >= LEAST_LENGTH)
    .map(([, value]) => Buffer.from(value).toString('latin1'))
    .sort((a, b) => b.length - a.length);
  // latin1 keeps each byte one character, so nothing is lost whatever the encoding.
  let held = '';
  const blacken = (text: string) => secrets.reduce((rest, secret) => rest.replaceAll(secret, MASK), text);
  return {
    push(chunk) {
      if (secrets.length === 0) return chunk;
      const text = blacken(held + chunk.toString('latin1'));
      const keep = longestStart(text, secrets);
      held = text.slice(text.length - keep);
      return Buffer.from(text.slice(0, text.length - keep), 'latin1');
    },
    end() {
      const rest = Buffer.from(blacken(held), 'latin1');
      held = '';
      return rest;
    },
  };
}

/** How many characters at the end could be the beginning of a secret. */
function longestStart(text: string, secrets: readonly string[]): number {
  const starts = secrets.map((secret) => {
    for (let length = Math.min(secret.length - 1, text.length); length > 0; length -= 1) {
      if (secret.startsWith(text.slice(text.length - length))) return length;
    }
    return 0;
  });
  return Math.max(0, ...starts);
}

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Context } from '@temporalio/activity';
import { z } from 'zod';
import { type Credentials, unusable } from './secrets.ts';

export interface HelperQuestion {
  /** What follows `docker-credential-`: `desktop`, `ecr-login`. */
  readonly helper: string;
  /** What the helper knows the registry by. */
  readonly server: string;
  /** All that it sees; its program is on this `PATH`. */
  readonly environment: Readonly<Record<string, string>>;
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const PATIENCE_MS = 10_000;
const MAX_BYTES = 64 * 1024;
/** The words of docker-credential-helpers, on standard output, with exit code 1. */
const NOTHING = /credentials not found in native keychain/;
/** The user name that makes the secret an identity token. */
const IDENTITY = '<token>';

const schema = z.object({ Username: z.string(), Secret: z.string().min(1) });

/**
 * Asks `docker-credential-NAME get`, without a shell; `null` where it has nothing. What it says is secret, its errors too.
 *
 * @throws SHIPLOCK_REGISTRY_CREDENTIALS (not retried): it is not there, fails, or is not understood
 */
export async function askHelper({ helper, server, environment }: HelperQuestion): Promise<Credentials | null> {
  if (!NAME.test(helper)) {
    throw unusable("Docker's configuration names a credential helper that can be no program", 'correct config.json');
  }
  const program = `docker-credential-${helper}`;
  const { cancellationSignal: signal } = Context.current();
  const options = {
    env: environment,
    timeout: PATIENCE_MS,
    maxBuffer: MAX_BYTES,
    killSignal: 'SIGKILL',
    signal,
  } as const;
  const asking = promisify(execFile)(program, ['get'], options);
  // A helper that ends without reading is heard all the same.
  asking.child.stdin?.on('error', () => undefined);
  asking.child.stdin?.end(server);
  const said = await asking.catch((error: Ended) => ({ stdout: error.stdout ?? '', error }));
  signal.throwIfAborted();
  if (!('error' in said)) return understood(said.stdout, program);
  if (NOTHING.test(said.stdout)) return null;
  throw unusable(
    `${program} has not given the credentials of ${server} (${said.error.killed ? 'no answer within 10 s' : said.error.code})`,
    "put it on the builders' PATH with what it needs, or `docker login` without a helper",
  );
}

/** How a program ends that does not end well; `code` is its exit code, or why it did not start. */
interface Ended extends Error {
  readonly code?: number | string;
  readonly killed?: boolean;
  readonly stdout?: string;
}

function understood(stdout: string, program: string): Credentials {
  try {
    const { Username, Secret } = schema.parse(JSON.parse(stdout));
    if (Username === IDENTITY) return { kind: 'identity', token: Secret };
    return { kind: 'password', username: Username, password: Secret };
  } catch {
    throw unusable(`${program} answers no credentials`, 'ask it yourself: `docker-credential-… get`');
  }
}

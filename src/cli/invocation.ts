import { type Command, Option } from 'commander';
import { ShiplockError } from '../errors.ts';
import { parseDuration } from '../plan/duration.ts';
import type { ExitCode } from './exit.ts';
import { usageError } from './failure.ts';
import type { Terminal } from './terminal.ts';

/** One call of the command line. */
export interface Invocation {
  readonly terminal: Terminal;
  /** The exit code, where it is not 0. */
  finish(code: ExitCode): void;
}

/** What each file in `commands/` exports: its arguments, options and action, on a command that is named already. */
export interface CommandModule {
  configure(command: Command, invocation: Invocation): void;
}

export interface OutputOptions {
  readonly output: 'text' | 'json';
}

export interface ConnectionOptions extends OutputOptions {
  readonly profile?: string;
  readonly configFile?: string;
}

export function withOutput(command: Command): Command {
  const option = new Option('-o, --output <format>', 'how to answer').choices(['text', 'json']).default('text');
  return command.addOption(option);
}

export function withConnection(command: Command): Command {
  return withOutput(command)
    .option('--profile <name>', 'profile of Temporal’s client configuration (default: TEMPORAL_PROFILE)')
    .option('--config-file <file>', 'Temporal’s client configuration (default: TEMPORAL_CONFIG_FILE)');
}

/** An option's duration, in milliseconds: `90s`, `30m`, `1h30m`. */
export function durationOption(name: string): (text: string) => number {
  return (text) => {
    const parsed = parseDuration(text, false);
    if (!parsed.ok) throw usageError(`${name}: ${parsed.message}`, `for example ${name} 30m`);
    if (parsed.ms === 0 || parsed.ms > LONGEST_WAIT_MS) {
      throw usageError(`${name} must be longer than zero and at most 24 days`, `for example ${name} 30m`);
    }
    return parsed.ms;
  };
}

/** Timers of Node count in 31 bits. */
const LONGEST_WAIT_MS = 24 * 24 * 60 * 60_000;

/** The environment releases go to where none is named. */
export function defaultEnvironment(env: Terminal['env']): string {
  return env.ENVIRONMENT || 'production';
}

export const RELEASE_ARGUMENT =
  'environment/service; or the service alone (in ENVIRONMENT, default production); or a workflow id';

/** `staging/api` → `release-staging-api`; `api` → `release-production-api`; a workflow id stays as it is. */
export function releaseIdFrom(text: string, env: Terminal['env']): string {
  const [first = '', second, ...more] = text.split('/');
  const names = second === undefined ? [first] : [first, second];
  if (more.length > 0 || names.some((name) => !/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(name))) {
    throw usageError(`"${text}" names no release`, `write environment/service, for example production/api`);
  }
  if (second !== undefined) return `release-${first}-${second}`;
  return first.startsWith('release-') ? first : `release-${defaultEnvironment(env)}-${first}`;
}

/** `AUTO_PROMOTE` as CI sets it; `undefined` where it says nothing. */
export function autoPromoteFrom(env: Terminal['env']): boolean | undefined {
  const value = env.AUTO_PROMOTE;
  if (value === undefined || value === '') return undefined;
  if (value === 'true' || value === 'false') return value === 'true';
  throw new ShiplockError({
    code: 'SHIPLOCK_USAGE',
    message: `AUTO_PROMOTE is "${value}"`,
    mend: 'set it to true or false, or unset it',
  });
}

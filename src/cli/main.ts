import { existsSync, readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { ShiplockError } from '../errors.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { showFailure, usageError } from './failure.ts';
import type { Invocation } from './invocation.ts';
import { COMMANDS } from './registry.ts';
import { processTerminal, type Terminal } from './terminal.ts';

/** Runs one command line, without the program's own name, and returns the exit code. Never throws. */
export async function run(args: readonly string[], terminal: Terminal = processTerminal()): Promise<ExitCode> {
  let code: ExitCode = EXIT.released;
  const plain = args.includes('--no-color') ? { ...terminal, color: false } : terminal;
  const invocation: Invocation = { terminal: plain, finish: (wanted) => (code = wanted) };
  const words = args.filter((word) => word !== '--no-color');
  try {
    const program = await build(words, invocation);
    if (words.length === 0) {
      terminal.out(program.helpInformation().trimEnd());
      return EXIT.usage;
    }
    await program.parseAsync(words, { from: 'user' });
    return code;
  } catch (error) {
    return failed(error, plain, wantsJson(words));
  }
}

async function build(words: readonly string[], invocation: Invocation): Promise<Command> {
  const { terminal } = invocation;
  const program = new Command('shiplock')
    .description('Carries one version of one service from its gates to released, or safely back.')
    .version(version(), '-V, --version')
    .option('--no-color', 'no colours (also NO_COLOR)')
    .enablePositionalOptions()
    .showHelpAfterError(false)
    .exitOverride()
    .configureOutput({ writeOut: (text) => terminal.out(text.trimEnd()), writeErr: () => undefined })
    .addHelpText('after', HELP);
  for (const { name, summary, load } of COMMANDS) {
    const command = program.command(name).summary(summary).description(summary);
    // Options of the others are of no use now, and loading them takes time.
    if (words.includes(name)) (await load()).configure(command, invocation);
  }
  return program;
}

const HELP = `
Exit codes: 0 released, or done as asked · 1 error · 2 usage · 3 rolled back · 4 rejected ·
            5 still waiting at --timeout · 6 released, without a phase ·
            130 interrupted, the release goes on`;

function failed(error: unknown, terminal: Terminal, json: boolean): ExitCode {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return EXIT.released;
    const text = error.message.replace(/^error: /, '').replace(/\s+/g, ' ');
    showFailure(
      terminal,
      usageError(text, '`shiplock --help` lists the commands, `shiplock COMMAND --help` its options'),
      json,
    );
    return EXIT.usage;
  }
  showFailure(terminal, error, json);
  return error instanceof ShiplockError && error.code === 'SHIPLOCK_USAGE' ? EXIT.usage : EXIT.error;
}

function wantsJson(words: readonly string[]): boolean {
  return words.some(
    (word, index) =>
      word === '-ojson' ||
      word === '--output=json' ||
      ((word === '-o' || word === '--output') && words[index + 1] === 'json'),
  );
}

/** The package's version: its `package.json` is above the sources, and above the compiled files. */
function version(): string {
  for (const above of ['../../package.json', '../../../package.json']) {
    const file = new URL(above, import.meta.url);
    if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')).version;
  }
  return 'unknown';
}

import { type Command, InvalidArgumentError, Option } from 'commander';
import type { SecretUse, SecretValue } from '../../../activities/metrics/secrets.ts';
import { ShiplockError } from '../../errors.ts';
import type { Provider } from '../../plan/plan.ts';
import { withAddress } from '../../plan/provider.ts';
import type { Analysed } from '../analyse.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { usageError } from '../failure.ts';
import { durationOption, type Invocation, type OutputOptions, withOutput } from '../invocation.ts';
import { clean } from '../paint.ts';

interface Options extends OutputOptions {
  readonly template?: readonly string[];
  readonly arg?: Readonly<Record<string, string>>;
  readonly address?: string;
  readonly policy?: string;
  readonly environment?: string;
  readonly once?: boolean;
  readonly for?: number;
  readonly minimumReadings: number;
  readonly compatibility?: 'argo';
}

const HELP = `
Exit codes: 0 it passes · 3 a release would go back · 5 a release would wait for a person

Example:    shiplock analyse analysis.yaml --arg service-name=api-canary --address http://127.0.0.1:9090 --once`;

export function configure(command: Command, { terminal, finish }: Invocation): void {
  withOutput(command)
    .argument('<file...>', 'files with AnalysisTemplates')
    .option('--template <name>', 'only this one; may be given again (default: all of the files)', collect)
    .option('--arg <name=value>', 'an argument of the templates; may be given again', named)
    .option('--address <url>', 'where Prometheus is reached from here, in place of the templates’ address')
    .option('--policy <file>', 'a worker’s policy, whose addresses and secrets are used')
    .option('--environment <name>', 'by which the policy maps addresses')
    .option('--once', 'read each metric once, at once')
    .option('--for <duration>', 'end the analysis after so long, for example 10m', durationOption('--for'))
    .option('--minimum-readings <number>', 'good readings needed of a metric without an end of its own', whole, 3)
    .addOption(new Option('--compatibility <engine>', 'judge exactly as it does').choices(['argo']))
    .addHelpText('after', HELP)
    .action(async (files: string[], options: Options) => {
      const { analyse } = await import('../analyse.ts');
      const { compileAlone } = await import('../../plan/argo/alone.ts');
      const { template = [], arg = {}, minimumReadings, compatibility, output } = options;
      const compiled = compileAlone({ files, templates: template, args: arg, minimumReadings, compatibility });
      if (compiled.analysis === null) throw notCompiled(compiled.errors);
      const stop = new AbortController();
      const onSignal = () => stop.abort();
      process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
      const timer = options.for === undefined ? undefined : setTimeout(onSignal, options.for);
      const result = await analyse(compiled.analysis, {
        once: options.once === true,
        ended: stop.signal,
        ...(await reaching(options)),
        onReading: (metric, { at, verdict, because }) => {
          if (output === 'text') terminal.out(clean(`${at}  ${verdict.padEnd(12)}  ${metric}: ${because}`));
        },
      });
      clearTimeout(timer);
      process.removeListener('SIGINT', onSignal).removeListener('SIGTERM', onSignal);
      if (output === 'json') terminal.out(JSON.stringify({ ok: true, ...result }));
      else terminal.out(clean(`${result.state}: ${result.because}`));
      const code = exitOf(result.state);
      if (code !== EXIT.released) finish(code);
    });
}

/** Where providers are reached, and with which secrets: as a worker of this policy does it. */
async function reaching({ address, policy: file, environment }: Options) {
  const { locate, readPolicy, secretValue } = await import('../../../workers/policy.ts');
  const policy = file === undefined ? null : await readPolicy(file);
  const embedded = () =>
    Promise.reject(
      usageError(
        'the policy maps Prometheus to the embedded one, which this command does not look for',
        'name it with --address; `shiplock local status` shows where it is',
      ),
    );
  return {
    locate: (provider: Provider) =>
      address !== undefined && provider.kind === 'prometheus'
        ? withAddress(provider, address)
        : locate(provider, policy, environment, embedded),
    secretOf: (use: SecretUse): SecretValue =>
      policy === null
        ? { because: `the secret "${use.secret}" is not known here; name a policy that has it with --policy` }
        : secretValue(use, policy, process.env),
  };
}

/** As a release that rests on this analysis alone would end. */
function exitOf(state: Analysed['state']): ExitCode {
  switch (state) {
    case 'pass':
      return EXIT.released;
    case 'fail':
    case 'error':
      return EXIT.rolledBack;
    case 'inconclusive':
    case 'running':
      return EXIT.stillWaiting;
    default:
      return state satisfies never;
  }
}

function notCompiled(errors: readonly { file: string; line: number; column: number; path: string; message: string }[]) {
  const lines = errors.map((error) => `${error.file}:${error.line}:${error.column}: ${error.path}: ${error.message}`);
  return new ShiplockError({
    code: 'SHIPLOCK_ANALYSIS_INVALID',
    message: lines.join('\n'),
    mend: 'correct the templates, or give what they need with --template and --arg',
  });
}

const collect = (value: string, before: readonly string[] = []) => [...before, value];

function named(text: string, before: Readonly<Record<string, string>> = {}): Record<string, string> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('expected NAME=VALUE');
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}

function whole(text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new InvalidArgumentError('expected a whole number from 1 to 9999');
  return Number(text);
}

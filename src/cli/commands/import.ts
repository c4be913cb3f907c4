import { type Command, Option } from 'commander';
import { EXIT } from '../exit.ts';
import { usageError } from '../failure.ts';
import type { ImportOptions } from '../import.ts';
import { type Invocation, withOutput } from '../invocation.ts';

interface Options extends ImportOptions {
  readonly name?: string;
  readonly cluster?: string;
  readonly namespace?: string;
}

interface FlaggerOptions extends Options {
  readonly provider?: string;
  readonly prometheus?: string;
  readonly route?: string;
}

interface RolloutOptions extends Options {
  readonly version?: string;
  readonly platform?: 'kubernetes' | 'argo';
}

const HELP = `
Exit codes: 0 imported · 1 something is wrong or not supported; nothing is written then, but for --force`;

export function configure(command: Command, invocation: Invocation): void {
  const sub = (name: string, what: string) =>
    withOutput(command.command(name).description(what))
      .argument('<file...>', 'manifests; what they name may stand in further files')
      .option('-f, --file <file>', 'where the release file goes (default: everything to standard output)')
      .option('--name <name>', 'which one, where the files hold several')
      .option('--cluster <name>', 'a cluster of the worker’s policy (default: default)')
      .option('--namespace <name>', 'of manifests that name none (default: default)')
      .option('--force', 'write also where something is not supported; the file says what is missing')
      .addHelpText('after', HELP);

  withOutput(command.enablePositionalOptions())
    .argument('[deployment/NAME]', 'a Deployment that runs in a cluster; or one of the commands below')
    .option('-f, --file <file>', 'where the release file goes (default: everything to standard output)')
    .option('--context <name>', 'of the kubeconfig (default: its current one)')
    .option('-n, --namespace <name>', 'of the Deployment (default: the context’s)')
    .option('--cluster <name>', 'a cluster of the worker’s policy (default: default)')
    .option('--force', 'write also where something is not supported; the file says what is missing')
    .addHelpText('after', HELP)
    .action(async (asked: string | undefined, options: DeploymentOptions) => {
      const name = deploymentName(asked);
      const { importDeployment } = await import('../../import/index.ts');
      const { runningDeployment } = await import('../../../workers/running-deployment.ts');
      const { namespace, context, cluster } = options;
      const running = await runningDeployment({ name, namespace, context });
      await show(importDeployment(running, { cluster }), options, invocation);
    });

  sub('flagger', 'a Canary of Flagger’s, with its MetricTemplates and AlertProviders')
    .option('--provider <name>', 'Flagger’s -mesh-provider (default: istio)')
    .option('--prometheus <url>', 'Flagger’s -metrics-server (default: http://prometheus:9090)')
    .addOption(new Option('--route <name>', 'an HTTPRoute that splits the traffic, whatever Flagger used'))
    .action(async (files: string[], options: FlaggerOptions) => {
      const { importFlagger, providerFrom } = await import('../../import/index.ts');
      const { name, cluster, namespace, prometheus, route } = options;
      const output = options.file ?? 'release.yaml';
      const provider = providerFrom(options.provider);
      const request = { files, output, name, cluster, namespace, provider, prometheus, route };
      await show(importFlagger(request), options, invocation);
    });

  sub('rollout', 'a Rollout of Argo’s, with its AnalysisTemplates')
    .option('--version <version>', 'what the release is checked with (default: latest)')
    .addOption(
      new Option('--platform <name>', 'who carries it out: the engine, or Argo’s own controller').choices([
        'kubernetes',
        'argo',
      ]),
    )
    .action(async (files: string[], options: RolloutOptions) => {
      const { importRollout } = await import('../../import/index.ts');
      const { name, cluster, namespace, version, platform } = options;
      const output = options.file ?? 'release.yaml';
      await show(importRollout({ files, output, name, cluster, namespace, version, platform }), options, invocation);
    });
}

interface DeploymentOptions extends ImportOptions {
  readonly namespace?: string;
  readonly context?: string;
  readonly cluster?: string;
}

/** As kubectl writes it; `deploy` is its short name there. */
function deploymentName(asked: string | undefined): string {
  const name = /^(?:deployments?|deploy)(?:\.apps)?\/([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?)$/.exec(asked ?? '')?.[1];
  if (name !== undefined) return name;
  const what = asked === undefined ? 'nothing to import is named' : `"${asked}" is nothing that is imported`;
  throw usageError(what, 'shiplock import deployment/NAME, or flagger FILE, or rollout FILE');
}

async function show(
  imported: Parameters<typeof import('../import.ts').showImport>[0],
  options: ImportOptions,
  { terminal, finish }: Invocation,
) {
  const { showImport } = await import('../import.ts');
  const code = showImport(imported, options, terminal);
  if (code !== EXIT.released) finish(code);
}

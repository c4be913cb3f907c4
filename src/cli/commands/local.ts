import type { Command } from 'commander';
import type { ServerStatus, ServiceStatus, StackStatus, SupervisorClient } from '../../../infra/local/index.ts';
import { ShiplockError } from '../../errors.ts';
import { type Invocation, type OutputOptions, withOutput } from '../invocation.ts';
import { paintLine, type Span, span } from '../paint.ts';
import { ICONS } from '../release/model.ts';
import type { Terminal } from '../terminal.ts';

interface Options extends OutputOptions {
  readonly home?: string;
}

export function configure(command: Command, { terminal }: Invocation): void {
  const sub = (name: string, what: string): Command => withHome(command.command(name).description(what));

  sub('up', 'start Temporal, Envoy, Prometheus, the flag service and the supervisor, or find them running').action(
    async ({ home, output }: Options) => {
      const { ensureStack } = await import('../../../infra/local/index.ts');
      const { progressBar } = await import('../../../infra/local/servers/index.ts');
      const stack = await ensureStack({
        home,
        onProgress: progressBar(process.stderr),
        onWait: (line) => terminal.err(line),
      });
      showStack(terminal, stack, output);
    },
  );

  sub('down', 'stop all of it; what is stored stays').action(async ({ home, output }: Options) => {
    const { stopStack } = await import('../../../infra/local/index.ts');
    const ran = await stopStack({ home });
    const text = ran ? 'stopped' : 'nothing was running';
    terminal.out(output === 'json' ? JSON.stringify({ ok: true, ran }) : text);
  });

  sub('status', 'what runs, and where').action(async ({ home, output }: Options) => {
    const { stackStatus } = await import('../../../infra/local/index.ts');
    showStack(terminal, await stackStatus({ home }), output);
  });

  const flags = sub('flags', 'the flags of the embedded service, as a definitions file of flagd’s').action(
    async ({ home }: Options) => {
      const definitions = await withSupervisor(home, (client) => client.flags());
      terminal.out(JSON.stringify(definitions, null, 2));
    },
  );
  withHome(
    flags.command('set <file>').description('take flags over from such a file; those of other keys stay'),
  ).action(async (file: string, own: Options) => {
    const above = flags.opts<Options>();
    const { readDefinitions } = await import('../../../infra/local/index.ts');
    const definitions = readDefinitions(file);
    const request = { key: `local flags set ${file}`, definitions };
    await withSupervisor(own.home ?? above.home, (client) => client.putFlags(request));
    const json = own.output === 'json' || above.output === 'json';
    const taken = Object.keys(definitions.flags);
    terminal.out(json ? JSON.stringify({ ok: true, flags: taken }) : `in force: ${taken.join(', ')}`);
  });
  withHome(
    flags.command('remove <flag...>').description('remove flags; who asks for one gets the default in its code'),
  ).action(async (keys: string[], own: Options) => {
    const above = flags.opts<Options>();
    await withSupervisor(own.home ?? above.home, async (client) => {
      const known = await client.flags();
      const unknown = keys.filter((key) => !Object.hasOwn(known.flags, key));
      if (unknown.length > 0) throw noSuchFlags(unknown, Object.keys(known.flags));
      const removed = Object.fromEntries(keys.map((key) => [key, null]));
      await client.putFlags({ key: `local flags remove ${keys.join(' ')}`, definitions: { flags: removed } });
    });
    const json = own.output === 'json' || above.output === 'json';
    terminal.out(json ? JSON.stringify({ ok: true, removed: keys }) : `removed: ${keys.join(', ')}`);
  });
}

function noSuchFlags(unknown: readonly string[], known: readonly string[]): ShiplockError {
  return new ShiplockError({
    code: 'SHIPLOCK_LOCAL_FLAG_UNKNOWN',
    message: `there is no flag ${unknown.join(', ')} here; nothing was removed`,
    mend: known.length > 0 ? `use some of ${known.join(', ')}` : 'there are no flags at all',
  });
}

function withHome(command: Command): Command {
  return withOutput(command).option(
    '--home <folder>',
    'where the stack keeps everything (default: SHIPLOCK_HOME, else ~/.local/share/shiplock)',
  );
}

async function withSupervisor<Answer>(home: string | undefined, ask: (client: SupervisorClient) => Promise<Answer>) {
  const { connectSupervisor } = await import('../../../infra/local/index.ts');
  const client = connectSupervisor({ home });
  try {
    return await ask(client);
  } finally {
    client.close();
  }
}

function showStack(terminal: Terminal, stack: StackStatus | null, output: Options['output']): void {
  if (output === 'json') terminal.out(JSON.stringify({ ok: true, stack }));
  else if (!stack) terminal.out('the embedded stack is down; start it with `shiplock local up`');
  else for (const line of linesOf(stack)) terminal.out(paintLine(line, terminal));
}

function linesOf({ home, servers, services }: StackStatus): Span[][] {
  const { temporal, envoy, prometheus, flags } = servers;
  return [
    serverLine('Temporal', temporal, temporal.address),
    serverLine('Web UI', temporal, temporal.ui),
    serverLine('Envoy', envoy, envoy.admin),
    serverLine('Prometheus', prometheus, prometheus.address),
    serverLine('Flags', flags, flags.address),
    ...services.flatMap(serviceLines),
    [span(`home          ${home}`, 'quiet')],
  ];
}

/** Where clients reach it, and where the side without all traffic is seen alone. */
function serviceLines({ service, address, weights, stable, preview, previewVersion }: ServiceStatus): Span[][] {
  const split = splitOf(weights) || (stable ? `${stable} 100 %` : 'no traffic yet');
  return [
    [span(service.padEnd(14), 'strong'), span(address), span(`  ${split}`, 'quiet')],
    [
      span('  preview     '),
      span(preview),
      span(`  ${previewVersion ? `${previewVersion} alone` : 'nothing yet'}`, 'quiet'),
    ],
  ];
}

function serverLine(name: string, { state, version, because }: ServerStatus, where: string): Span[] {
  const ready = state === 'ready';
  return [
    span(`${ready ? ICONS.done : ICONS.warning} `, ready ? 'good' : 'warning'),
    span(name.padEnd(12)),
    span(ready ? where : `${state}: ${because}`),
    span(`  ${version}`, 'quiet'),
  ];
}

function splitOf(weights: Readonly<Record<string, number>>): string {
  return Object.entries(weights)
    .map(([version, weight]) => `${version} ${weight} %`)
    .join(' · ');
}

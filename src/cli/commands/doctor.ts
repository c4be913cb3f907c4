import type { Command } from 'commander';
import { EXIT } from '../exit.ts';
import { type Invocation, type OutputOptions, withOutput } from '../invocation.ts';

export function configure(command: Command, { terminal, finish }: Invocation): void {
  withOutput(command).action(async ({ output }: OutputOptions) => {
    const { examine, isReady, renderFindings } = await import('../../../infra/local/servers/index.ts');
    const findings = await examine();
    const ok = isReady(findings);
    terminal.out(output === 'json' ? JSON.stringify({ ok, findings }) : renderFindings(findings));
    if (!ok) finish(EXIT.error);
  });
}

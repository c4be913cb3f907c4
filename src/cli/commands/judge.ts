import type { Command } from 'commander';
import { type Invocation, type OutputOptions, withOutput } from '../invocation.ts';
import { clean } from '../paint.ts';

const HELP = `
One case, or an array of them, as JSON: a metric as in an AnalysisTemplate, and what was measured.

Example:    echo '{"metric": {"name": "success-rate", "successCondition": "result[0] >= 0.99"},
                   "measurements": [{"value": [0.995]}, {"error": "timeout"}]}' | shiplock judge

Further fields: "terminated": true where the analysis was ended from outside; "compatibility": "argo"`;

export function configure(command: Command, { terminal }: Invocation): void {
  withOutput(command)
    .addHelpText('after', HELP)
    .action(async ({ output }: OutputOptions) => {
      const { judgeText, MOST_CHARACTERS } = await import('../judge.ts');
      const judged = judgeText(await standardInput(MOST_CHARACTERS));
      if (output === 'json') terminal.out(JSON.stringify(judged));
      else for (const { phase, because } of [judged].flat()) terminal.out(clean(`${phase.padEnd(12)}  ${because}`));
    });
}

/** Stops reading once it is more than could be judged. */
async function standardInput(most: number): Promise<string> {
  let text = '';
  process.stdin.setEncoding('utf8');
  for await (const chunk of process.stdin) {
    text += chunk;
    if (text.length > most) break;
  }
  return text;
}

import { type CheckedFiles, checkFiles, describePlan, describeRollout, formatProblem } from '../plan/index.ts';

export interface CheckOptions {
  /** Default: text. */
  readonly output?: 'text' | 'json';
  /** What would be released. Default: `CI_COMMIT_SHA`, else `latest`. */
  readonly version?: string;
  /** Instead of the file's environment. Default: `ENVIRONMENT`, where it is set. */
  readonly environment?: string;
  /** Default: `AUTO_PROMOTE`, where it is set. */
  readonly autoPromote?: boolean;
  readonly color?: boolean;
  readonly width?: number;
  /** Where the answer goes. Default: standard output. */
  readonly write?: (text: string) => void;
}

/**
 * `shiplock check FILE…`: the compiled plans as tables, or every error at once. Returns the exit code: 0 where
 * everything compiled, else 1.
 */
export function checkCommand(files: readonly string[], options: CheckOptions = {}): number {
  const { env } = process;
  const write = options.write ?? ((text: string) => process.stdout.write(text));
  const checked = checkFiles(files, {
    version: options.version ?? (env.CI_COMMIT_SHA || 'latest'),
    environment: options.environment ?? (env.ENVIRONMENT || undefined),
    overrides: { autoPromote: options.autoPromote ?? autoPromoteOf(env.AUTO_PROMOTE) },
  });
  write(options.output === 'json' ? checkedJson(checked) : checkedText(checked, options));
  return checked.ok ? 0 : 1;
}

function autoPromoteOf(value: string | undefined): boolean | undefined {
  return value === 'true' ? true : value === 'false' ? false : undefined;
}

/** `plan` is the one that was compiled, `null` where none was, and a list where there are several. */
function checkedJson({ ok, errors, warnings, compiled }: CheckedFiles): string {
  const plans = compiled.map((item) =>
    item.kind === 'release'
      ? item.plan
      : { rollout: item.name, canary: item.canary, ...(item.cutover && { cutover: item.cutover }) },
  );
  const plan = !ok || plans.length === 0 ? null : plans.length === 1 ? plans[0] : plans;
  return `${JSON.stringify({ ok, errors, warnings, plan }, null, 2)}\n`;
}

function checkedText(checked: CheckedFiles, options: CheckOptions): string {
  const color = options.color ?? (process.stdout.isTTY === true && !process.env.NO_COLOR);
  const width = options.width ?? process.stdout.columns ?? 120;
  const warnings = checked.warnings.map((warning) => `${formatProblem(warning)} (warning)\n`).join('');
  if (!checked.ok) return `${checked.errors.map((error) => `${formatProblem(error)}\n`).join('')}${warnings}`;
  const tables = checked.compiled.map((item) =>
    item.kind === 'release' ? describePlan(item.plan, { color, width }) : describeRollout(item, { color, width }),
  );
  const nothing = tables.length === 0 ? 'the templates are valid; no Rollout uses them here\n' : '';
  return `${tables.join('\n')}${nothing}${warnings === '' ? '' : `\n${warnings}`}`;
}

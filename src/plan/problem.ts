/** Where something stands: 1-based, as editors count. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

export type Path = readonly (string | number)[];

/** One thing that is wrong (or, as a warning, worth knowing) in one file. */
export interface Problem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** For example `canary.steps[2].setWeight`; empty for the file as a whole. */
  readonly path: string;
  readonly code: PlanCode;
  /** What is wrong and what is expected. */
  readonly message: string;
}

export type PlanCode = `SHIPLOCK_PLAN_${string}`;

/** A YAML document, or a file that could not become one, about which problems are reported. */
export interface Located {
  readonly file: string;
  /** Position of the value at a path; of its key with `key`. Falls back to the nearest thing that exists. */
  place(path: Path, of?: 'key' | 'value'): Place;
}

/** Collects every problem, so that one run shows them all. */
export interface Report {
  error(source: Located, path: Path, code: PlanCode, message: string, of?: 'key' | 'value'): void;
  warning(source: Located, path: Path, code: PlanCode, message: string, of?: 'key' | 'value'): void;
  errors(): readonly Problem[];
  warnings(): readonly Problem[];
}

export function createReport(): Report {
  const errors = new Map<string, Problem>();
  const warnings = new Map<string, Problem>();
  const add = (
    to: Map<string, Problem>,
    source: Located,
    path: Path,
    code: PlanCode,
    message: string,
    of = 'value',
  ) => {
    const place = source.place(path, of === 'key' ? 'key' : 'value');
    const problem: Problem = { file: source.file, ...place, path: formatPath(path), code, message };
    to.set(JSON.stringify(problem), problem);
  };
  return {
    error: (source, path, code, message, of) => add(errors, source, path, code, message, of),
    warning: (source, path, code, message, of) => add(warnings, source, path, code, message, of),
    errors: () => inOrder([...errors.values()]),
    warnings: () => inOrder([...warnings.values()]),
  };
}

/** By file, then by place: the same input always gives the same list. */
export function inOrder(problems: readonly Problem[]): Problem[] {
  const text = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
  return [...problems].sort(
    (a, b) =>
      text(a.file, b.file) ||
      a.line - b.line ||
      a.column - b.column ||
      text(a.code, b.code) ||
      text(a.message, b.message),
  );
}

/** `['canary', 'steps', 2, 'setWeight']` → `canary.steps[2].setWeight`. */
export function formatPath(path: Path): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else if (/^[A-Za-z_][\w-]*$/.test(part)) text += text === '' ? part : `.${part}`;
    else text += `[${JSON.stringify(part)}]`;
  }
  return text;
}

/** `file:line:column: path: message`, the line that editors and CI make clickable. */
export function formatProblem(problem: Problem): string {
  const path = problem.path === '' ? '' : `${problem.path}: `;
  return printable(`${problem.file}:${problem.line}:${problem.column}: ${path}${problem.message}`);
}

/** Without control characters: what stands in a file must not move the terminal's cursor. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ');
}

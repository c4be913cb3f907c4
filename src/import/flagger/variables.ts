/** Flagger's query templates: Go's `text/template` with a function for each variable (flagger `metric.go`). */

export interface Model {
  readonly name: string;
  readonly namespace: string;
  readonly target: string;
  readonly service: string;
  readonly ingress: string;
  readonly route: string;
  readonly interval: string;
  readonly variables: Readonly<Record<string, string>>;
  /** What names the workload of the new version; `null`: as Flagger, which always deploys under the target's name. */
  readonly workload: string | null;
}

export interface Filled {
  readonly text: string;
  /** Actions that are more than a variable, such as `{{ if … }}`. */
  readonly unknown: readonly string[];
}

const PLAIN = ['name', 'namespace', 'service', 'ingress', 'route', 'interval'] as const;

/** Pods of a Deployment by their name, as Flagger's own queries and its documentation find them. */
const PODS = /\{\{-?\s*target\s*-?\}\}-\[0-9a-zA-Z\]\+\(-\[0-9a-zA-Z\]\+\)\??/g;
/** Names that Flagger derives from the target: of its Services, upstreams and routes. */
const DERIVED = /\{\{-?\s*target\s*-?\}\}(?=-(?:canary|primary))/g;
const ACTION = /\{\{-?\s*(.*?)\s*-?\}\}/gs;

/**
 * A query with its variables filled in. `{{ target }}` is the workload under which the canary runs. For Flagger that is
 * always the target's own; here each revision has a name of its own.
 *
 * @example fillVariables('up{deployment="{{ target }}"}', { …, workload: 'podinfo-{{args.revision}}' }).text
 * // 'up{deployment="podinfo-{{args.revision}}"}'
 */
export function fillVariables(query: string, model: Model): Filled {
  const unknown: string[] = [];
  const { workload, target } = model;
  const named = workload === null ? query : query.replace(PODS, `\u0000-[0-9a-z]+`).replace(DERIVED, () => target);
  const text = named.replace(ACTION, (whole, action: string) => {
    const value = meaningOf(action, model);
    if (value === null) unknown.push(whole);
    return value ?? whole;
  });
  return { text: text.replaceAll('\u0000', () => workload ?? ''), unknown };
}

function meaningOf(action: string, model: Model): string | null {
  if (action === 'target') return model.workload ?? model.target;
  const plain = PLAIN.find((name) => name === action);
  if (plain !== undefined) return model[plain];
  const name =
    /^\(?\s*variables\s*\)?\.(\w+)$/.exec(action)?.[1] ?? /^index\s+variables\s+"([^"]*)"$/.exec(action)?.[1];
  return name !== undefined && Object.hasOwn(model.variables, name) ? (model.variables[name] ?? null) : null;
}

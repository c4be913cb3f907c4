/** Where two JSON values differ: `path` as in `$.metrics[0].readings[3].value`; `undefined` is "not there". */
export interface Mismatch {
  readonly path: string;
  readonly recorded: unknown;
  readonly recomputed: unknown;
}

/** Every place where they differ, outermost first; objects that only one side has are one place. */
export function mismatches(recorded: unknown, recomputed: unknown, path = '$'): Mismatch[] {
  if (Object.is(recorded, recomputed)) return [];
  if (Array.isArray(recorded) && Array.isArray(recomputed)) {
    const longer = recorded.length > recomputed.length ? recorded : recomputed;
    return longer.flatMap((_, index) => mismatches(recorded[index], recomputed[index], `${path}[${index}]`));
  }
  if (isObject(recorded) && isObject(recomputed)) {
    const fields = new Set([...Object.keys(recorded), ...Object.keys(recomputed)]);
    return [...fields].flatMap((field) => mismatches(recorded[field], recomputed[field], `${path}${step(field)}`));
  }
  return [{ path, recorded, recomputed }];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function step(field: string): string {
  return /^[A-Za-z_]\w*$/.test(field) ? `.${field}` : `[${JSON.stringify(field)}]`;
}

import type { Compatibility, DatadogQuery } from '../plan/plan.ts';

/**
 * What a condition sees as `result`, as in Argo: `v1` the last point of the first series; `v2` the first column of
 * numbers, one number, or an array where the query is grouped (`by {host}`); `null`: no data.
 */
export type DatadogAnswer =
  | { readonly ok: true; readonly result: number | readonly number[] | null; readonly samples: number }
  | { readonly ok: false; readonly message: string };

/**
 * Reads an answer of Datadog's API: `GET /api/v1/query`, `POST /api/v2/query/scalar`. Shapes:
 * DataDog/datadog-api-client-go `.generator/schemas`, `MetricsQueryResponse` and `ScalarFormulaQueryResponse`.
 *
 * @param compatibility `argo`: a last point without a value is 0
 * @example parseDatadog({ apiVersion: 'v1' }, '{"status":"ok","series":[{"pointlist":[[1,0.2],[2,0.3]]}]}')
 * // { ok: true, result: 0.3, samples: 1 }
 */
export function parseDatadog(
  { apiVersion }: Pick<DatadogQuery, 'apiVersion'>,
  raw: string,
  compatibility?: Compatibility,
): DatadogAnswer {
  const body = parseJson(raw);
  if (!isObject(body)) return refused('the answer is not that of Datadog');
  return apiVersion === 'v1' ? readSeries(body, compatibility) : readColumns(body);
}

function readSeries(body: Fields, compatibility: Compatibility | undefined): DatadogAnswer {
  if (body.status === 'error') return refused(`Datadog answers an error: ${text(body.error)}`);
  const { series } = body;
  if (series === null || (Array.isArray(series) && series.length === 0)) return NO_DATA;
  const [first] = Array.isArray(series) ? series : [];
  if (!isObject(first)) return refused('the answer has no list of series');
  const points = first.pointlist ?? [];
  if (!Array.isArray(points)) return refused('the series has no list of points');
  if (points.length === 0) return NO_DATA;
  const point: unknown = points.at(-1);
  if (!Array.isArray(point) || point.length !== 2) return refused('the last point is no pair of time and value');
  const value: unknown = point[1];
  if (value === null) return compatibility === 'argo' ? one(0) : NO_DATA;
  return isReal(value) ? one(value) : refused('the last point has no readable value');
}

function readColumns(body: Fields): DatadogAnswer {
  const data = isObject(body.data) ? body.data : {};
  const errors = [body.errors, data.errors].flat().filter((error) => typeof error === 'string' && error !== '');
  if (errors.length > 0) return refused(`Datadog answers an error: ${text(errors.join(', '))}`);
  const columns = isObject(data.attributes) ? data.attributes.columns : undefined;
  if (!Array.isArray(columns) || !columns.every(isObject)) return refused('the answer has no list of columns');
  // Older answers do not name the type of a column of numbers.
  const numbers = columns.find(({ type }) => type === undefined || type === '' || type === 'number');
  const groups = columns.filter(({ type }) => type === 'group');
  if (numbers === undefined) return NO_DATA;
  const values = numbers.values ?? [];
  if (!Array.isArray(values)) return refused(`the column ${text(numbers.name)} has no list of values`);
  const found: number[] = [];
  for (const [row, value] of values.entries()) {
    if (value === null) continue;
    if (!isReal(value)) return refused(`value ${row + 1} of the column ${text(numbers.name)} is no number`);
    if (!groups.every((group) => isNamed(group, row))) return refused(`value ${row + 1} belongs to no group`);
    found.push(value);
  }
  const [first] = found;
  if (first === undefined) return NO_DATA;
  return groups.length === 0 ? one(first) : { ok: true, result: found, samples: found.length };
}

/** A group's column holds, for each row, the tag's values. */
function isNamed({ values }: Fields, row: number): boolean {
  const tags: unknown = Array.isArray(values) ? values[row] : undefined;
  return Array.isArray(tags) && tags.length > 0 && tags.every((tag) => typeof tag === 'string');
}

type Fields = Readonly<Record<string, unknown>>;

const NO_DATA: DatadogAnswer = { ok: true, result: null, samples: 0 };

const one = (result: number): DatadogAnswer => ({ ok: true, result, samples: 1 });

const isReal = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parseJson(raw: string): unknown {
  try {
    return JSON.parse(raw);
  } catch {
    return null;
  }
}

function refused(message: string): DatadogAnswer {
  return { ok: false, message };
}

function text(value: unknown): string {
  return typeof value === 'string' && value !== '' ? value.slice(0, 200) : 'nothing readable';
}

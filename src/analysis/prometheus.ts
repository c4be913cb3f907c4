import { parseFloatText } from './condition/index.ts';

/** More series or samples than this in one answer are refused: such a query was not meant for a verdict. */
const MOST_SERIES = 1000;
const MOST_SAMPLES = 10_000;

/** What a condition sees as `result`, as in Argo: a vector or matrix is a flat array, a scalar is one number. */
export type PrometheusAnswer =
  | { readonly ok: true; readonly result: readonly number[] | number; readonly samples: number }
  | { readonly ok: false; readonly message: string };

/**
 * Reads an answer of Prometheus' HTTP API (`/api/v1/query`, `/api/v1/query_range`). `NaN`, `+Inf` and `-Inf` are
 * numbers here; whoever judges decides what they are worth.
 *
 * @example parsePrometheus('{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"0.99"]}]}}')
 * // { ok: true, result: [0.99], samples: 1 }
 */
export function parsePrometheus(raw: string): PrometheusAnswer {
  return answerOf(parseJson(raw));
}

function answerOf(body: unknown): PrometheusAnswer {
  if (!isObject(body)) return refused('the answer is not that of a Prometheus');
  if (body.status === 'error') return refused(`Prometheus answers ${text(body.errorType)}: ${text(body.error)}`);
  const { data } = body;
  if (body.status !== 'success' || !isObject(data)) return refused('the answer is not that of a Prometheus');
  switch (data.resultType) {
    case 'scalar':
      return scalar(data.result);
    case 'vector':
      return series(data.result, (one) => [one.value]);
    case 'matrix':
      return series(data.result, (one) => (Array.isArray(one.values) ? one.values : null));
    case 'string':
      return refused('the query answers text, not numbers');
    default:
      return refused(`the query answers ${text(data.resultType)}, which is neither a vector nor a matrix nor a scalar`);
  }
}

/** One series of an instant vector. */
export interface Labelled {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Reads an instant vector with its labels, of at most 1,000 series. */
export function parseVector(
  raw: string,
): { readonly ok: true; readonly series: readonly Labelled[] } | { readonly ok: false; readonly message: string } {
  const body = parseJson(raw);
  const read = answerOf(body);
  if (!read.ok) return read;
  const { data } = body as { data: { resultType: string; result: { metric?: unknown; value: unknown }[] } };
  if (data.resultType !== 'vector') return { ok: false, message: `the query answers a ${data.resultType}, no vector` };
  const series = data.result.map(({ metric, value }) => ({
    labels: labelsOf(metric),
    value: sampleValue(value) ?? Number.NaN,
  }));
  return { ok: true, series };
}

/** One series of a matrix, its values in the order of time. */
export interface LabelledSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly values: readonly number[];
}

/** Reads a matrix (the answer to a range query) with its labels, of at most 1,000 series and 10,000 samples. */
export function parseMatrix(
  raw: string,
):
  | { readonly ok: true; readonly series: readonly LabelledSeries[] }
  | { readonly ok: false; readonly message: string } {
  const read = parsePrometheus(raw);
  if (!read.ok) return read;
  const { data } = parseJson(raw) as {
    data: { resultType: string; result: { metric?: unknown; values: unknown[] }[] };
  };
  if (data.resultType !== 'matrix') return { ok: false, message: `the query answers a ${data.resultType}, no matrix` };
  const series = data.result.map(({ metric, values }) => ({
    labels: labelsOf(metric),
    values: values.map((value) => sampleValue(value) ?? Number.NaN),
  }));
  return { ok: true, series };
}

/** What is no text is no label, whoever answers. */
function labelsOf(metric: unknown): Labelled['labels'] {
  const labels = isObject(metric) ? Object.entries(metric) : [];
  return Object.fromEntries(labels.filter((label): label is [string, string] => typeof label[1] === 'string'));
}

function scalar(sample: unknown): PrometheusAnswer {
  const value = sampleValue(sample);
  return value === null ? refused('the scalar has no readable value') : { ok: true, result: value, samples: 1 };
}

function series(
  list: unknown,
  samplesOf: (one: Record<string, unknown>) => readonly unknown[] | null,
): PrometheusAnswer {
  if (!Array.isArray(list)) return refused('the answer has no list of series');
  if (list.length > MOST_SERIES)
    return refused(`the query answers ${list.length} series; at most ${MOST_SERIES} can be judged`);
  const values: number[] = [];
  for (const [index, one] of list.entries()) {
    if (!isObject(one)) return refused(`series ${index + 1} of ${list.length} is not readable`);
    if ('histogram' in one || 'histograms' in one)
      return refused(`series ${index + 1} of ${list.length} is a native histogram, not a number`);
    for (const sample of samplesOf(one) ?? [null]) {
      const value = sampleValue(sample);
      if (value === null) return refused(`series ${index + 1} of ${list.length} has no readable value`);
      if (values.length >= MOST_SAMPLES) return refused(`the query answers more than ${MOST_SAMPLES} samples`);
      values.push(value);
    }
  }
  return { ok: true, result: values, samples: values.length };
}

/** A sample is `[unix seconds, "value"]`. */
function sampleValue(sample: unknown): number | null {
  if (!Array.isArray(sample) || sample.length !== 2) return null;
  const [at, value] = sample;
  return typeof at === 'number' && typeof value === 'string' ? parseFloatText(value) : null;
}

function parseJson(raw: string): unknown {
  try {
    return JSON.parse(raw);
  } catch {
    return null;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function refused(message: string): PrometheusAnswer {
  return { ok: false, message };
}

function text(value: unknown): string {
  return typeof value === 'string' && value !== '' ? value.slice(0, 200) : 'nothing readable';
}

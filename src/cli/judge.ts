/** `shiplock judge`: metrics and their measurements from standard input, judged by the code that judges releases. */
import { z } from 'zod';
import { type CasePhase, judgeCase, type Value } from '../analysis/index.ts';
import { metricCase } from '../plan/argo/case.ts';
import { usageError } from './failure.ts';

/** Bounds of foreign input. */
export const MOST_CHARACTERS = 32 * 1024 * 1024;
const MOST_CASES = 100_000;
const MOST_MEASUREMENTS = 10_000;

const measurement = z.union(
  [z.strictObject({ value: z.json() }), z.strictObject({ error: z.string().max(4_096) })],
  '{"value": …} or {"error": "…"}',
);

const caseSchema = z.strictObject({
  metric: z.record(z.string(), z.unknown()),
  measurements: z.array(measurement).max(MOST_MEASUREMENTS),
  terminated: z.boolean().optional(),
  compatibility: z.literal('argo', '"argo", or nothing').optional(),
});

export interface Judged {
  readonly phase: CasePhase;
  readonly because: string;
}

/**
 * The verdict on one case, or on each of an array of them.
 *
 * @throws ShiplockError `SHIPLOCK_USAGE` where the text is no JSON or no case; it says which case and where.
 */
export function judgeText(text: string): Judged | readonly Judged[] {
  const input = parse(text);
  if (!Array.isArray(input)) return judgeOne(input, '');
  if (input.length > MOST_CASES)
    throw notUnderstood(`there are ${input.length} cases; at most ${MOST_CASES} are judged`);
  return input.map((one, index) => judgeOne(one, `case ${index + 1}: `));
}

function judgeOne(input: unknown, where: string): Judged {
  const read = caseSchema.safeParse(input);
  if (!read.success) {
    const [issue] = read.error.issues;
    const at = issue?.path.length ? `${issue.path.join('.')}: ` : '';
    throw notUnderstood(`${where}${at}${issue?.message ?? 'is no case'}`);
  }
  const { metric, measurements, terminated = false, compatibility } = read.data;
  const compiled = metricCase(metric, compatibility);
  // As in Argo, a metric that is wrong is an error of its analysis; the other cases are judged all the same.
  if (!compiled.ok) return { phase: 'Error', because: compiled.because };
  const seen = measurements.map((one) => ('error' in one ? one : { value: one.value as Value }));
  return judgeCase(compiled.metric, seen, terminated, compatibility);
}

function parse(text: string): unknown {
  if (text.length > MOST_CHARACTERS) throw notUnderstood(`it has more than ${MOST_CHARACTERS} characters`);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw notUnderstood(error instanceof Error ? error.message : String(error));
  }
}

const EXAMPLE = `{"metric": {"name": "m", "successCondition": "result[0] >= 0.99"}, "measurements": [{"value": [0.995]}]}`;

const notUnderstood = (why: string) =>
  usageError(`standard input holds no cases: ${why}`, `give one case, or an array of them, as in ${EXAMPLE}`);

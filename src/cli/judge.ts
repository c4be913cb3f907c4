/** `shiplock judge`: metrics and their measurements from standard input, judged by the code that judges releases. */
import { z } from 'zod';
import { type CasePhase, judgeCase, type Measurement } from '../analysis/index.ts';
import { metricCase } from '../plan/argo/case.ts';
import { usageError } from './failure.ts';
import { parseInput, readMeasurement } from './judge-input.ts';

/** Bounds of foreign input. */
export const MOST_CHARACTERS = 32 * 1024 * 1024;
const MOST_CASES = 100_000;
const MOST_MEASUREMENTS = 10_000;

const measurement = z.unknown().transform((given, context): Measurement => {
  const measured = readMeasurement(given);
  if ('because' in measured) context.addIssue({ code: 'custom', message: measured.because });
  return 'because' in measured ? z.NEVER : measured;
});

const caseSchema = z.strictObject({
  metric: z.custom<Readonly<Record<string, unknown>>>(
    (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
    'a metric, as in an AnalysisTemplate',
  ),
  measurements: z.array(measurement).max(MOST_MEASUREMENTS),
  terminated: z.boolean().nullish(),
  compatibility: z.literal('argo', '"argo", or nothing').nullish(),
});

export interface Judged {
  readonly phase: CasePhase;
  readonly because: string;
}

/**
 * The verdict on one case, or on each of an array of them; what is no case among others that are is an error.
 *
 * @throws ShiplockError `SHIPLOCK_USAGE` where the text is no JSON or holds no case; it says which case and where.
 */
export function judgeText(text: string): Judged | readonly Judged[] {
  const input = parse(text);
  if (!Array.isArray(input)) {
    const read = readCase(input);
    if (!read.ok) throw notUnderstood(read.because);
    return judgeOne(read.one);
  }
  if (input.length > MOST_CASES)
    throw notUnderstood(`there are ${input.length} cases; at most ${MOST_CASES} are judged`);
  const cases = input.map(readCase);
  const [first] = cases;
  if (first !== undefined && !first.ok && cases.every(({ ok }) => !ok)) throw notUnderstood(`case 1: ${first.because}`);
  return cases.map((read) => (read.ok ? judgeOne(read.one) : { phase: 'Error', because: `no case: ${read.because}` }));
}

type Case = z.output<typeof caseSchema>;

function readCase(input: unknown): { readonly ok: true; readonly one: Case } | { ok: false; because: string } {
  const read = caseSchema.safeParse(input);
  if (read.success) return { ok: true, one: read.data };
  const [issue] = read.error.issues;
  const at = issue?.path.length ? `${issue.path.join('.')}: ` : '';
  return { ok: false, because: `${at}${issue?.message ?? 'is no case'}` };
}

function judgeOne({ metric, measurements, terminated, compatibility }: Case): Judged {
  const compiled = metricCase(metric, compatibility ?? undefined);
  // As in Argo, a metric that is wrong is an error of its analysis; the other cases are judged all the same.
  if (!compiled.ok) return { phase: 'Error', because: compiled.because };
  return judgeCase(compiled.metric, measurements, terminated ?? false, compatibility ?? undefined);
}

function parse(text: string): unknown {
  if (text.length > MOST_CHARACTERS) throw notUnderstood(`it has more than ${MOST_CHARACTERS} characters`);
  try {
    return parseInput(text);
  } catch (error) {
    throw notUnderstood(error instanceof Error ? error.message : String(error));
  }
}

const EXAMPLE = `{"metric": {"name": "m", "successCondition": "result[0] >= 0.99"}, "measurements": [{"value": [0.995]}]}`;

const notUnderstood = (why: string) =>
  usageError(`standard input holds no cases: ${why}`, `give one case, or an array of them, as in ${EXAMPLE}`);

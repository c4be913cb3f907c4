/**
 * Writes `test/unit/analysis-json-path-answers.jsonl` anew: what client-go's jsonpath answers to the paths of `cases.ts`.
 * Needs Go. `node test/oracles/jsonpath/refresh.ts`
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { DOCUMENTS, pathFrom, piecesFrom, type Random, randomFrom } from './cases.ts';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const ANSWERS = fileURLToPath(new URL('../../unit/analysis-json-path-answers.jsonl', import.meta.url));
const SEED = 20261126;
/** Of each answer so many at most, so that what finds something is not drowned. */
const WANTED = { values: 800, none: 100, failed: 250, refused: 150 };
const TRIED = 30_000;

interface Answered {
  readonly path: string;
  readonly document: unknown;
  readonly answer: keyof typeof WANTED;
}

function asked(random: Random): string[] {
  const questions = Array.from({ length: TRIED }, () => {
    const document = DOCUMENTS[random(DOCUMENTS.length)];
    return JSON.stringify({ path: random(6) === 0 ? piecesFrom(random) : pathFrom(random, document), document });
  });
  return [...new Set(questions)];
}

const output = execFileSync('go', ['run', '.'], {
  cwd: HERE,
  input: `${asked(randomFrom(SEED)).join('\n')}\n`,
  maxBuffer: 256 * 1024 * 1024,
  encoding: 'utf8',
});
const indices = new Map(DOCUMENTS.map((document, index) => [sortedJson(document), index]));
const left = { ...WANTED };
const kept = output
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Answered)
  .filter(({ answer }) => {
    left[answer] -= 1;
    return left[answer] >= 0;
  })
  .map(({ document, ...rest }) => JSON.stringify({ ...rest, of: indices.get(sortedJson(document)) }));
writeFileSync(ANSWERS, `${[JSON.stringify({ documents: DOCUMENTS }), ...kept].join('\n')}\n`);
console.log(`${kept.length} answers in ${ANSWERS}; not found enough of: ${JSON.stringify(left)}`);

function sortedJson(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

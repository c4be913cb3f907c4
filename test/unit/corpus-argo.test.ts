import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { checkFiles } from '../../src/plan/index.ts';

/** Real manifests with the verdict of Argo's own code on each; not part of a checkout. */
const CORPUS = path.resolve(import.meta.dirname, '../../../shared/corpus/argo');
const skip = existsSync(CORPUS) ? false : `the corpus is not here (${path.relative(process.cwd(), CORPUS)})`;

interface Verdict {
  readonly file: string;
  readonly kind: string;
  readonly strict: string;
  readonly validate: string;
}

/** What is right by Argo's tools and refused by every API server. */
const NO_NAME = 'yaml__pkg__kubectl-argo-rollouts__cmd__create__testdata__analysis-template-no-name.yaml';

/** Argo's check of files takes `"{{ args.delay }}"` for a wrong duration; its controller fills it in first, as we do. */
const ARGUMENT = 'md__docs__analysis__datadog-05.yaml';

/** Templates that stand in other files of the same example. */
const MISSING = 'SHIPLOCK_PLAN_TEMPLATE_MISSING';
const UNSUPPORTED = 'SHIPLOCK_PLAN_UNSUPPORTED';

describe("Argo's own examples", { skip }, () => {
  const verdicts: readonly Verdict[] =
    skip === false ? JSON.parse(readFileSync(path.join(CORPUS, 'verdicts.json'), 'utf8')) : [];
  const counts = new Map<string, number>();
  const count = (key: string) => counts.set(key, (counts.get(key) ?? 0) + 1);
  const check = (file: string) => checkFiles([path.join(CORPUS, file)], { version: '1.0.0' });

  test('what Argo accepts compiles, or is refused by name, or misses a template of another file', () => {
    for (const { file, kind } of verdicts.filter(accepted)) {
      const { ok, errors } = check(file);
      const wrong = errors.filter(({ code }) => code !== UNSUPPORTED && code !== MISSING);
      if (file === NO_NAME)
        assert.deepEqual(
          wrong.map(({ path: at }) => at),
          ['metadata.name'],
        );
      else assert.deepEqual(wrong, [], file);
      const named = errors.some(({ code }) => code === UNSUPPORTED);
      count(`accepted by Argo, ${kind}: ${ok ? 'compiles' : named ? 'refused by name' : 'its template is elsewhere'}`);
    }
  });

  test('what Argo refuses is refused', () => {
    for (const { file, kind } of verdicts.filter(
      (verdict) => !accepted(verdict) && verdict.validate !== 'not checked',
    )) {
      const { ok, errors } = check(file);
      assert.equal(ok, file === ARGUMENT, `${file}: ${JSON.stringify(errors)}`);
      count(`refused by Argo, ${kind}: ${ok ? 'compiles, once its arguments are filled in' : 'refused'}`);
    }
  });

  test('what Argo did not check, experiments, is refused by name', () => {
    for (const { file, kind } of verdicts.filter(({ validate }) => validate === 'not checked')) {
      assert.ok(
        check(file).errors.some(({ code }) => code === UNSUPPORTED),
        file,
      );
      count(`not checked by Argo, ${kind}: refused by name`);
    }
  });

  test('every manifest of the corpus was looked at', (context) => {
    // The rest needs other routers, or experiments and plugins as steps.
    assert.ok((counts.get('accepted by Argo, Rollout: compiles') ?? 0) >= 38);
    // Of Prometheus, web, datadog and job; the rest asks other providers, or Prometheus with OAuth2 or without an address.
    assert.ok((counts.get('accepted by Argo, AnalysisTemplate: compiles') ?? 0) >= 16);
    const total = [...counts.values()].reduce((sum, n) => sum + n, 0);
    assert.equal(total, verdicts.length);
    for (const [key, n] of [...counts].sort()) context.diagnostic(`${String(n).padStart(3)}  ${key}`);
  });
});

const accepted = ({ strict, validate }: Verdict) => strict === 'ok' && validate === 'ok';

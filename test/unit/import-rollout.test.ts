import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { parse } from 'yaml';
import { importRollout } from '../../src/import/index.ts';
import { checkFiles, compileRelease } from '../../src/plan/index.ts';

const root = mkdtempSync(path.join(tmpdir(), 'shiplock-import-'));
after(() => rmSync(root, { recursive: true }));

const POD = `selector: { matchLabels: { app: api } }
  template:
    metadata: { labels: { app: api } }
    spec: { containers: [{ name: api, image: "registry.example/api:1.0.0" }] }`;
const STRATEGY = `strategy:
    canary:
      canaryService: api-canary
      stableService: api-stable
      trafficRouting: { istio: { virtualService: { name: api } } }
      steps: [{ setWeight: 10 }, { pause: { duration: 1m } }, { setWeight: 50 }, { pause: {} }]`;
const rollout = (spec: string) =>
  `apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: { name: api, namespace: shop }\nspec:\n  ${spec}\n`;
const ROLLOUT = rollout(`replicas: 4\n  ${POD}\n  ${STRATEGY}`);

/** Files in a folder of their own. */
function folderOf(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(path.join(root, 'of-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
  return folder;
}

function imported(files: Readonly<Record<string, string>>, options: Partial<Parameters<typeof importRollout>[0]> = {}) {
  const folder = folderOf(files);
  const named = Object.keys(files).map((name) => path.join(folder, name));
  return { folder, ...importRollout({ files: named, output: path.join(folder, 'release.yaml'), ...options }) };
}

/** What was imported, written and compiled. */
function compiled(given: ReturnType<typeof imported>) {
  assert.ok(given.release, JSON.stringify(given.errors));
  for (const { name, text } of [given.release, ...given.files]) writeFileSync(path.join(given.folder, name), text);
  return compileRelease({ file: path.join(given.folder, 'release.yaml'), version: '1.1.0' });
}

describe("a Rollout of Argo's", () => {
  it('becomes a release that reads its steps, services and pods from the manifest', () => {
    const made = imported({ 'rollout.yaml': ROLLOUT });
    assert.deepEqual(
      [made.errors, made.refused, made.files.map(({ name }) => name)],
      [[], [], ['api-deployment.yaml']],
    );
    const { plan, errors } = compiled(made);
    assert.deepEqual(errors, []);
    assert.deepEqual(
      plan?.canary.steps.map((step) => (step.kind === 'setWeight' ? step.weight : step.kind)),
      [10, 'pause', 50, 'pause'],
    );
    assert.equal(plan?.promotion.approval, null, 'Argo asks nobody after the last step');
    assert.ok(plan?.target.platform === 'kubernetes');
    const { namespace, replicas, stableService, canaryService, adopts } = plan.target;
    assert.deepEqual([namespace, replicas, stableService, canaryService], ['shop', 4, 'api-stable', 'api-canary']);
    assert.deepEqual(adopts, { kind: 'Deployment', name: 'api', scaleDown: 'onsuccess' });
  });

  it('has a Deployment of the same pods beside it, which takes over', () => {
    const { files } = imported({ 'rollout.yaml': ROLLOUT });
    assert.match(
      files[0]?.text ?? '',
      /kind: Deployment\nmetadata:\n {2}name: api\n {2}namespace: shop\nspec:\n {2}replicas: 4/,
    );
    assert.match(files[0]?.text ?? '', /image: registry.example\/api:1.0.0/);
  });

  it('finds its Deployment where it has a workloadRef, and its templates, in whichever file', () => {
    const made = imported({
      'rollout.yaml':
        rollout(`workloadRef: { apiVersion: apps/v1, kind: Deployment, name: api-pods, scaleDown: progressively }
  strategy:
    canary:
      trafficRouting: { istio: { virtualService: { name: api } } }
      canaryService: a
      stableService: b
      analysis: { templates: [{ templateName: rate }] }
      steps: [{ setWeight: 10 }, { pause: { duration: 10m } }]`),
      'pods.yaml': `apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: api-pods, namespace: shop }\nspec:\n  replicas: 2\n  ${POD}\n`,
      'analysis.yaml': `apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: { name: rate }
spec:
  metrics:
    - name: rate
      interval: 1m
      successCondition: result[0] > 0.9
      provider: { prometheus: { address: "http://prometheus:9090", query: up } }
`,
    });
    assert.deepEqual(made.files, []);
    const { plan, errors } = compiled(made);
    assert.deepEqual(errors, []);
    assert.ok(plan?.target.platform === 'kubernetes');
    assert.deepEqual(plan.target.adopts, { kind: 'Deployment', name: 'api-pods', scaleDown: 'progressively' });
    assert.equal(plan.target.replicas, 2);
    assert.deepEqual(plan.canary.background?.analysis.templates, ['rate']);
  });

  it('is refused by name, at its place and with the reason, where a field cannot be honoured', () => {
    const text = ROLLOUT.replace('replicas: 4', 'replicas: 4\n  paused: true').replace(
      '{ setWeight: 50 }',
      '{ experiment: { templates: [{ name: a, specRef: stable }] } }, { plugin: { name: p } }',
    );
    const { refused, errors, folder } = imported({ 'rollout.yaml': text });
    assert.deepEqual(errors, []);
    const found = refused.map(({ file, line, path: at, code }) => [path.relative(folder, file), line, at, code]);
    assert.deepEqual(found, [
      ['rollout.yaml', 6, 'spec.paused', 'SHIPLOCK_PLAN_UNSUPPORTED'],
      ['rollout.yaml', 16, 'spec.strategy.canary.steps[2].experiment', 'SHIPLOCK_PLAN_UNSUPPORTED'],
      ['rollout.yaml', 16, 'spec.strategy.canary.steps[3].plugin', 'SHIPLOCK_PLAN_UNSUPPORTED'],
    ]);
    assert.match(refused[0]?.message ?? '', /known to Argo Rollouts.*: a release runs when somebody starts it/);
    assert.match(refused[2]?.message ?? '', /a gate, or a metric of web or job/);
  });

  it('is left to its controller where that is asked for, whatever it has', () => {
    const text = ROLLOUT.replace('replicas: 4', 'replicas: 4\n  paused: true');
    const { release, refused, errors, files } = imported(
      { 'rollout.yaml': text },
      { platform: 'argo', cluster: 'live' },
    );
    assert.deepEqual([refused, errors, files], [[], [], []]);
    const written = parse(release?.text ?? '') as { target: object; canary?: object };
    assert.equal(written.canary, undefined);
    assert.deepEqual(written.target, {
      platform: 'argo',
      cluster: 'live',
      namespace: 'shop',
      rollout: 'api',
      container: 'api',
      repository: 'registry.example/api',
      stableService: 'api-stable',
      canaryService: 'api-canary',
    });
  });

  it('has to be named where a file holds several', () => {
    const two = `${ROLLOUT}---\n${ROLLOUT.replaceAll('name: api,', 'name: other,')}`;
    const { errors, release } = imported({ 'rollout.yaml': two });
    assert.equal(release, null);
    assert.match(errors[0]?.message ?? '', /a second Rollout \(api, other\); name one of them with --name/);
    const { plan, errors: wrong } = compiled(imported({ 'rollout.yaml': two }, { name: 'other' }));
    assert.deepEqual(wrong, []);
    assert.equal(plan?.service, 'other');
    assert.match(
      imported({ 'rollout.yaml': two }, { name: 'nobody' }).errors[0]?.message ?? '',
      /there are api, other/,
    );
  });
});

/** Real manifests with the verdict of Argo's own code on each; not part of a checkout. */
const CORPUS = path.resolve(import.meta.dirname, '../../../shared/corpus/argo');
const skip = existsSync(CORPUS) ? false : `the corpus is not here (${path.relative(process.cwd(), CORPUS)})`;

describe("Argo's own examples, imported", { skip }, () => {
  interface Verdict {
    readonly file: string;
    readonly kind: string;
    readonly strict: string;
    readonly validate: string;
  }
  const verdicts: readonly Verdict[] =
    skip === false ? JSON.parse(readFileSync(path.join(CORPUS, 'verdicts.json'), 'utf8')) : [];
  const rollouts = verdicts.filter(({ kind }) => kind === 'Rollout');

  it('compile, or are refused by the names that `check` refuses', (context) => {
    const counts = new Map<string, number>();
    const count = (key: string) => counts.set(key, (counts.get(key) ?? 0) + 1);
    for (const { file, strict, validate } of rollouts) {
      const folder = folderOf({ [file]: readFileSync(path.join(CORPUS, file), 'utf8') });
      const given = path.join(folder, file);
      const { release, files, refused, errors } = importRollout({
        files: [given],
        output: path.join(folder, 'release.yaml'),
      });
      if (release !== null && refused.length === 0) {
        for (const made of [release, ...files]) writeFileSync(path.join(folder, made.name), made.text);
        const { ok, errors: wrong } = compileRelease({ file: path.join(folder, 'release.yaml'), version: '1.0.0' });
        // A Deployment that is not among the files has to be named by a person.
        const absent = wrong.every(({ code }) => /PLAN_(FILE|DEPLOYMENT_MISSING)$/.test(code));
        assert.ok(ok || (wrong.length > 0 && absent), `${file}: ${JSON.stringify(wrong)}`);
        count(ok ? 'compiles' : 'compiles once its Deployment is named');
        continue;
      }
      for (const { line, column } of [...refused, ...errors]) assert.ok(line >= 1 && column >= 1, file);
      const alone = checkFiles([given], { version: '1.0.0' }).errors;
      if (errors.length === 0) {
        // What a cluster has, and this machine has not, is not refused any more.
        const names = new Set(alone.map(({ path: at }) => at));
        for (const { path: at } of refused) if (names.size > 0) assert.ok(names.has(at) || at !== '', `${file}: ${at}`);
        count('refused by name');
      } else {
        const accepted = strict === 'ok' && validate === 'ok';
        const only = errors.every(({ code }) =>
          /TEMPLATE_MISSING|NEEDS|FIELD_MISSING|CHOICE|EDIT_TARGET|VALUE|FILE|RANGE/.test(code),
        );
        assert.ok(!accepted || only, `${file}: ${JSON.stringify(errors)}`);
        count(
          accepted
            ? `accepted by Argo: ${[...new Set(errors.map(({ code }) => code))].join(' ')}`
            : 'refused by Argo, too',
        );
      }
    }
    const total = [...counts.values()].reduce((sum, n) => sum + n, 0);
    assert.equal(total, rollouts.length);
    assert.ok((counts.get('compiles') ?? 0) >= 20, JSON.stringify([...counts]));
    for (const [key, n] of [...counts].sort()) context.diagnostic(`${String(n).padStart(3)}  ${key}`);
  });
});

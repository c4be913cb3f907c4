import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { before, test } from 'node:test';
import { loadWorkflowBundle } from '../../workers/bundle.ts';

let code: string;
let digest: string;
/** The modules that the bundle was made of, as its source map has them. */
let modules: readonly string[];

before(async () => {
  const bundle = await loadWorkflowBundle();
  const end = bundle.code.lastIndexOf('//# sourceMappingURL=');
  const map = bundle.code.slice(bundle.code.indexOf('base64,', end) + 'base64,'.length);
  assert.equal(createHash('sha256').update(bundle.code).digest('hex'), bundle.digest);
  code = bundle.code.slice(0, end);
  digest = bundle.digest;
  modules = JSON.parse(Buffer.from(map, 'base64').toString()).sources;
});

test('the workflow bundle is named by its digest', () => {
  assert.match(digest, /^[0-9a-f]{64}$/);
});

test('the workflow bundle holds the workflows and what they judge with', () => {
  for (const module of [
    'workflows/release.ts',
    'workflows/lane.ts',
    'workflows/witness.ts',
    'src/analysis/metric.ts',
  ]) {
    assert.ok(
      modules.some((name) => name.endsWith(module)),
      module,
    );
  }
});

test('the workflow bundle holds no zod, no YAML, no adapter and nothing of Node', () => {
  const foreign = modules.filter((name) =>
    /node_modules\/(zod|yaml|commander|prom-client|express|protobufjs|@grpc)\/|@temporalio\/(client|worker|activity)\/|\/(infra|workers|src\/client|src\/cli)\/|external/.test(
      name,
    ),
  );
  assert.deepEqual(foreign, []);
  assert.doesNotMatch(code, /require\(["']node:|from ["']node:/);
});

test('the workflow bundle stays small: every cached release is a context of it', () => {
  console.log(`workflow bundle: ${code.length} characters of code, ${modules.length} modules`);
  assert.ok(code.length < 1_600_000, `${code.length} characters of code`);
});

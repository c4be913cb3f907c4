import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import { parse, parseAllDocuments } from 'yaml';
import { canarySchema } from '../../src/import/flagger/canary-schema.ts';
import { alertProviderSchema, metricTemplateSchema } from '../../src/import/flagger/template-schema.ts';
import { ROLLOUT_FIELDS, rowOf } from '../../src/import/rollout/fields.ts';
import { rolloutSchema } from '../../src/plan/argo/rollout-schema.ts';
import { CANARIES, FLAGGER, imported } from '../fixtures/flagger/imports.ts';
import { schemaPaths } from '../fixtures/schema-paths.ts';

const DOCS = readFileSync(new URL('../../docs/import.md', import.meta.url), 'utf8');

describe("every field of Flagger's objects", () => {
  /** Of v1.44.0's CRDs, `artifacts/flagger/crd.yaml`. */
  const file = new URL('../fixtures/flagger/crd-fields.txt', import.meta.url);
  const fields = readFileSync(file, 'utf8').trim().split('\n');
  const schemas = {
    Canary: schemaPaths(canarySchema),
    MetricTemplate: schemaPaths(metricTemplateSchema),
    AlertProvider: schemaPaths(alertProviderSchema),
  };

  it('is known to the importer', () => {
    const unknown = fields.filter((field) => {
      const [kind = '', ...parts] = field.split('.');
      return schemas[kind as keyof typeof schemas](parts.join('.')) === 'unknown';
    });
    assert.deepEqual(unknown, []);
    assert.ok(fields.length > 240, `${fields.length}`);
  });

  it('is in the tables, or below one that is', () => {
    const said = (field: string): boolean => {
      const own = field.slice(field.indexOf('.') + 1).replaceAll('[]', '');
      const above = own.split('.').map((_, index, parts) => parts.slice(0, index + 1).join('.'));
      const rows = above.filter(
        (one) => !['spec', 'spec.service', 'spec.analysis', 'spec.provider'].includes(one) || one === own,
      );
      return (
        rows.some((one) => DOCS.includes(`\`${one}\``)) ||
        ['spec.service', 'spec.analysis', 'spec.provider'].includes(own)
      );
    };
    assert.deepEqual(
      fields.filter((field) => !said(field)),
      [],
    );
  });
});

describe('every field that is written', () => {
  for (const name of CANARIES) {
    it(`${name}: something is said of it, where it stands`, () => {
      const { notes, refused } = imported(name);
      const said = [...notes.map(({ field }) => field), ...refused.map(({ path: at }) => at)];
      const [canary] = parseAllDocuments(readFileSync(path.join(FLAGGER, `${name}.yaml`), 'utf8'));
      const spec = ((canary?.toJS() ?? {}) as { spec: Record<string, Record<string, unknown>> }).spec;
      const below = (at: string) => Object.keys(spec[at] ?? {}).map((field) => `spec.${at}.${field}`);
      const fields = [
        ...Object.keys(spec).map((field) => `spec.${field}`),
        ...below('analysis'),
        ...below('canaryAnalysis'),
      ];
      const silent = fields.filter(
        (field) => !said.some((one) => one === field || one.startsWith(`${field}.`) || one.startsWith(`${field}[`)),
      );
      assert.deepEqual(silent, []);
    });
  }
});

describe("every field of Argo's Rollout", () => {
  const known = schemaPaths(rolloutSchema.kubernetes);

  it('has its row in the table of the documentation, which says what the importer says', () => {
    const words = { kept: 'kept', differs: 'differs', unneeded: 'nothing', refused: '**refused**' };
    for (const { path: at, verdict, text } of ROLLOUT_FIELDS) {
      assert.ok(DOCS.includes(`| \`${at}\` | ${words[verdict]} | ${text} |`), at);
    }
    assert.equal(
      DOCS.match(/^\| `spec\.[^`]*` \| (kept|differs|nothing|\*\*refused\*\*) \|/gm)?.length,
      ROLLOUT_FIELDS.length,
    );
  });

  it('is refused exactly where its row says so', () => {
    const conditional = ['spec.strategy.blueGreen.previewReplicaCount'];
    for (const { path: at, verdict } of ROLLOUT_FIELDS) {
      const expected = verdict === 'refused' && !conditional.includes(at) ? 'refused' : 'known';
      assert.equal(known(at), expected, at);
    }
  });

  const module = process.env.GOMODCACHE ?? path.join(process.env.GOPATH ?? path.join(homedir(), 'go'), 'pkg/mod');
  const crd = path.join(module, 'github.com/argoproj/argo-rollouts@v1.10.1/manifests/crds/rollout-crd.yaml');
  const skip = existsSync(crd) ? false : 'the CRD of Argo Rollouts v1.10.1 is not in the Go module cache';

  it('that its CRD has is in the table, and known to the schema', { skip }, (context) => {
    const fields = crdFields(crd);
    const missing = fields.filter((field) => rowOf(field) === null);
    assert.deepEqual(missing, []);
    const unknown = fields.filter((field) => known(field) === 'unknown');
    assert.deepEqual(unknown, []);
    assert.ok(fields.length > 250, `${fields.length}`);
    context.diagnostic(`${fields.length} fields of the CRD`);
  });
});

/** Every path below `spec`, but for what is Kubernetes' own. */
function crdFields(file: string): string[] {
  interface Node {
    readonly properties?: Record<string, Node>;
    readonly items?: Node;
  }
  const crd = parse(readFileSync(file, 'utf8')) as { spec: { versions: { schema: { openAPIV3Schema: Node } }[] } };
  const own = ['spec.template', 'spec.selector'];
  const fields: string[] = [];
  const walk = (node: Node | undefined, at: string): void => {
    for (const [name, inside] of Object.entries(node?.properties ?? {})) {
      const field = `${at}.${name}`;
      fields.push(field);
      if (own.includes(field)) continue;
      walk(inside, field);
      walk(inside.items, `${field}[]`);
    }
  };
  walk(crd.spec.versions[0]?.schema.openAPIV3Schema.properties?.spec, 'spec');
  return fields;
}

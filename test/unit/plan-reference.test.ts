import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { releaseJsonSchema } from '../../src/plan/index.ts';

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly oneOf?: readonly Schema[];
}

const text = readFileSync(path.resolve(import.meta.dirname, '../../docs/release-file.md'), 'utf8');
const sections = releaseJsonSchema() as Schema;

/** Steps and analyses are Argo's own format. */
const ARGO = ['steps', 'background', 'before', 'after'];

/** Every field below a section, by its own name. */
function fieldsOf(schema: Schema): string[] {
  const inner = schema.items ?? schema;
  if (inner.oneOf) return inner.oneOf.flatMap(fieldsOf);
  return Object.entries(inner.properties ?? {}).flatMap(([name, field]) =>
    ARGO.includes(name) ? [name] : [name, ...fieldsOf(field)],
  );
}

const chapterOf = (section: string) =>
  ['## The whole', `## \`${section}\``, '## Approvals']
    .map((heading) => text.split(heading)[1]?.split('\n## ')[0] ?? '')
    .join('\n');

test('docs/release-file.md has a chapter for every section, and names every field in it', () => {
  const silent = Object.entries(sections.properties ?? {}).flatMap(([section, schema]) =>
    fieldsOf(schema)
      .filter((field) => !new RegExp(`\\b${field}\\b`).test(chapterOf(section)))
      .map((field) => `${section}: ${field}`),
  );
  assert.deepEqual(silent, []);
  const chapters = Object.entries(sections.properties ?? {}).filter(
    ([section, schema]) => (schema.properties ?? schema.items) && !text.includes(`\n## \`${section}\``),
  );
  assert.deepEqual(chapters, []);
});

test('docs/release-file.md has no chapter of a section that is none', () => {
  const chapters = [...text.matchAll(/^## `(\w+)`/gm)].map((match) => match[1] ?? '');
  assert.deepEqual(
    chapters.filter((name) => !(name in (sections.properties ?? {}))),
    [],
  );
});

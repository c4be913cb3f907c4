import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';

const root = join(import.meta.dirname, '../..');
const documents = globSync('{*.md,docs/*.md}', { cwd: root }).map((file) => join(root, file));

test('every link of the documentation leads to a file that is there, and to a heading in it', () => {
  const broken = documents.flatMap((file) =>
    linksOf(file)
      .filter((link) => !leadsSomewhere(file, link))
      .map((link) => `${relative(root, file)}: ${link}`),
  );
  assert.deepEqual(broken, []);
});

test('every file that the documentation names is there', () => {
  const missing = documents.flatMap((file) =>
    codeSpansOf(file)
      .filter((span) => /^(src|workflows|activities|workers|infra|test|docs)\/[\w./*-]+$/.test(span))
      .filter((span) => globSync(span, { cwd: root }).length === 0)
      .map((span) => `${relative(root, file)}: ${span}`),
  );
  assert.deepEqual(missing, []);
});

test('every test that the table of invariants names is there', () => {
  const named = codeSpansOf(join(root, 'docs/design.md')).filter((span) =>
    /^(unit|workflow|replay|e2e|faults)\/[\w.*-]+$/.test(span),
  );
  assert.ok(named.length > 20);
  const missing = named.filter((span) => globSync(`test/${span}{,.test.ts}`, { cwd: root }).length === 0);
  assert.deepEqual(missing, []);
});

test('the README picture says in words what it shows', () => {
  assert.match(read(join(root, 'README.md')), /!\[[^\]]{60,}\]\(docs\/release\.svg\)/);
});

function leadsSomewhere(from: string, link: string): boolean {
  const [path = '', anchor] = link.split('#');
  const file = path === '' ? from : join(dirname(from), path);
  if (!existsSync(file)) return false;
  return anchor === undefined || anchorsOf(file).includes(anchor);
}

function linksOf(file: string): string[] {
  return [...withoutCode(read(file)).matchAll(/\]\(([^)\s]+)\)/g)]
    .map((match) => match[1] ?? '')
    .filter((link) => !/^[a-z]+:/.test(link));
}

/** As GitHub makes them of headings. */
function anchorsOf(file: string): string[] {
  return [...withoutCode(read(file)).matchAll(/^#+ (.+)$/gm)].map((match) =>
    (match[1] ?? '')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(' ', '-'),
  );
}

function codeSpansOf(file: string): string[] {
  return [...withoutCode(read(file)).matchAll(/`([^`\n]+)`/g)].map((match) => match[1] ?? '');
}

function withoutCode(markdown: string): string {
  return markdown.replace(/^```[\s\S]*?^```/gm, '');
}

function read(file: string): string {
  return readFileSync(file, 'utf8');
}

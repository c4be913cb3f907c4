import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { lstatSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { ApplicationFailure } from '@temporalio/common';
import { withValue } from '../../activities/configuration/edit.ts';
import { findField } from '../../activities/configuration/field.ts';
import { imageWith, parseImage } from '../../activities/configuration/image.ts';
import { createConfigurationActivities } from '../../activities/configuration/index.ts';
import type { ConfigurationEdit } from '../../src/plan/plan.ts';

const HELM: ConfigurationEdit = { kind: 'helm', file: 'values.yaml', field: 'image.tag' };
const ROLLOUT: ConfigurationEdit = {
  kind: 'rollout',
  file: 'rollout.yaml',
  field: 'api',
  resource: 'credlink-api-rollout',
};

function edited(text: string, to: string, edit = HELM): string {
  return withValue(text, findField(text, edit), to, edit);
}

function rollout(image: string): string {
  return `# the service
apiVersion: v1
kind: Service
metadata: { name: credlink-api-rollout }
---
kind: Rollout   # driven by releases
metadata:
  name: credlink-api-rollout
spec:
  template:
    spec:
      containers:
        - name: sidecar
          image: envoy:1.40
        - name: api
          image: ${image}
---
kind: Rollout
metadata: { name: other }
spec: { template: { spec: { containers: [{ name: api, image: "other/api:9" }] } } }
`;
}

describe('an edit of Helm values', () => {
  const cases: [string, string, string, string][] = [
    ['plain text', 'image:\n  tag: v1 # now\n', 'v2', 'image:\n  tag: v2 # now\n'],
    ['double quotes', 'image: {tag: "1.0.0"}\n', '1.1.0', 'image: {tag: "1.1.0"}\n'],
    ['single quotes', "image:\n  tag: '1.0.0'   # x\nb:   2\n", '1.1.0', "image:\n  tag: '1.1.0'   # x\nb:   2\n"],
    ['an empty value', 'image:\n  tag: # none yet\n  a: 1\n', 'v2', 'image:\n  tag: v2 # none yet\n  a: 1\n'],
    ['an empty value at the end of its line', 'image:\n  tag:\n', 'v2', 'image:\n  tag: v2\n'],
    ['an empty value at the end of the file', 'image:\n  tag:', 'v2', 'image:\n  tag: v2'],
    ['empty quotes', 'image:\n  tag: ""\n', '1.0', 'image:\n  tag: "1.0"\n'],
    ['Windows line ends', 'image:\r\n  tag: a\r\nb: 1\r\n', 'b', 'image:\r\n  tag: b\r\nb: 1\r\n'],
    ['a byte order mark', '\uFEFFimage:\n  tag: a\n', 'b', '\uFEFFimage:\n  tag: b\n'],
    ['letters beyond ASCII before it', '# ümläut 🚀\nimage:\n  tag: a\n', 'b', '# ümläut 🚀\nimage:\n  tag: b\n'],
    ['a second document', 'a: 1\n---\nimage:\n  tag: a\n', 'b', 'a: 1\n---\nimage:\n  tag: b\n'],
    [
      'odd spacing and duplicates elsewhere',
      'x:   [1,2 ]\nimage:   {  tag:   a  }\n',
      'b',
      'x:   [1,2 ]\nimage:   {  tag:   b  }\n',
    ],
  ];
  for (const [what, text, to, expected] of cases) {
    it(`changes nothing but the value: ${what}`, () => assert.equal(edited(text, to), expected));
  }

  it('quotes a value that YAML would read as a number, a truth or a date', () => {
    for (const value of ['1.10', '12345678', '12e4567', '0x1f', 'true', 'yes', 'null', '2026-11-23', '1_000', '~']) {
      assert.equal(edited('image:\n  tag: v1\n', value), `image:\n  tag: "${value}"\n`);
    }
  });

  it('reads digits as they are written', () => {
    assert.equal(findField('image:\n  tag: 1.10\n', HELM).value, '1.10');
  });

  it('is undone byte for byte', () => {
    for (const text of ['image:\n  tag: v1 # a\n', "image: {tag: '1.0.0'}\n", 'image:\n  tag: "1.0"\n']) {
      assert.equal(edited(edited(text, '2.0.0-rc.1'), findField(text, HELM).value), text);
    }
  });

  const refused: [string, string, RegExp][] = [
    ['a missing field', 'image: {}\n', /image\.tag is not in/],
    ['an alias', 'a: &t 1\nimage:\n  tag: *t\n', /is an alias \(\*t\)/],
    ['an anchor, on which others depend', 'image:\n  tag: &t v1\nb: *t\n', /has an anchor/],
    ['a map', 'image:\n  tag: {a: 1}\n', /no single value/],
    ['a block of text', 'image:\n  tag: |\n    v1\n', /a block of text/],
    ['a field in two documents', 'image: {tag: a}\n---\nimage: {tag: b}\n', /stands in 2 documents/],
    ['a key that stands twice', 'image:\n  tag: a\n  tag: b\n', /values\.yaml:3:3: .*unique/],
    ['no YAML', 'image: [\n', /values\.yaml:\d+:\d+: /],
  ];
  for (const [what, text, message] of refused) {
    it(`is refused for good: ${what}`, () => {
      assert.throws(
        () => edited(text, 'v2'),
        (error: ApplicationFailure) => {
          assert.match(error.message, message);
          return error.nonRetryable === true;
        },
      );
    });
  }

  it('refuses a value with a line end in it', () => {
    assert.throws(() => edited('image:\n  tag: v1\n', 'a\nb: c'), /cannot stand in image\.tag/);
  });
});

describe('an edit of a Rollout', () => {
  it('changes the tag of the named container of the named Rollout, nothing else', () => {
    assert.equal(
      edited(rollout('credlink/api:1.0.0 # by release'), '1.1.0', ROLLOUT),
      rollout('credlink/api:1.1.0 # by release'),
    );
  });

  it('leaves a registry with a port and the quotes alone', () => {
    assert.equal(edited(rollout('"reg:5000/credlink/api:1"'), '2', ROLLOUT), rollout('"reg:5000/credlink/api:2"'));
  });

  it('reads a template as it is and knows that it is one', () => {
    const field = findField(rollout('credlink/api:{{ .Values.image.tag }}'), ROLLOUT);
    assert.equal(field.value, '{{ .Values.image.tag }}');
    assert.equal(field.isTemplate, true);
  });

  it('refuses a Rollout that is not there, and one that is meant but not named', () => {
    assert.throws(
      () => findField(rollout('a:1'), { ...ROLLOUT, resource: 'nobody' }),
      /0 documents are a Rollout "nobody"/,
    );
    assert.throws(() => findField(rollout('a:1'), { ...ROLLOUT, resource: undefined }), /2 documents are a Rollout/);
    assert.throws(() => findField(rollout('a:1'), { ...ROLLOUT, field: 'web' }), /image of container "web" is not in/);
  });
});

describe('an edit that carries the digest', () => {
  const [old, next] = ['a', 'b'].map((digit) => `sha256:${digit.repeat(64)}`) as [string, string];
  const helm: ConfigurationEdit = { ...HELM, field: 'image.digest', carries: 'digest' };
  const image: ConfigurationEdit = { ...ROLLOUT, carries: 'digest' };

  const values: [string, string, string][] = [
    ['plain text', `image:\n  digest: ${old} # now\n`, `image:\n  digest: ${next} # now\n`],
    ['quotes', `image: {digest: "${old}",  tag: a}\n`, `image: {digest: "${next}",  tag: a}\n`],
    ['empty quotes', "image:\n  digest: '' # none yet\n", `image:\n  digest: '${next}' # none yet\n`],
    ['nothing', 'image:\n  digest: # none yet\n  tag: a\n', `image:\n  digest: ${next} # none yet\n  tag: a\n`],
    ['nothing, with wide gaps', 'image:\n  digest:   # none\n', `image:\n  digest: ${next}   # none\n`],
  ];
  for (const [what, before, after] of values) {
    it(`changes nothing but the value of Helm's, and is undone byte for byte: ${what}`, () => {
      assert.equal(edited(before, next, helm), after);
      assert.equal(edited(after, findField(before, helm).value, helm), before);
    });
  }

  const images: [string, string][] = [
    [`credlink/api:1.0.0@${old} # by release`, `credlink/api:1.0.0@${next} # by release`],
    ['credlink/api:1.0.0', `credlink/api:1.0.0@${next}`],
    ['"reg:5000/credlink/api"', `"reg:5000/credlink/api@${next}"`],
    [`'reg:5000/credlink/api@${old}'   # x`, `'reg:5000/credlink/api@${next}'   # x`],
  ];
  for (const [before, after] of images) {
    it(`changes what follows the @ of a Rollout's image, and is undone byte for byte: ${before.slice(0, 30)}`, () => {
      assert.equal(edited(rollout(before), next, image), rollout(after));
      assert.equal(edited(rollout(after), findField(rollout(before), image).value, image), rollout(before));
    });
  }

  it('reads nothing where an image has no digest', () => {
    assert.equal(findField(rollout('credlink/api:1.0.0'), image).value, '');
  });

  it('is no matter of the edit that carries the tag, nor the other way round', () => {
    const both = rollout(`credlink/api:1.0.0@${old}`);
    assert.equal(findField(both, ROLLOUT).value, '1.0.0');
    const tagged = edited(both, '1.1.0', ROLLOUT);
    assert.equal(tagged, rollout(`credlink/api:1.1.0@${old}`));
    assert.equal(edited(tagged, next, image), rollout(`credlink/api:1.1.0@${next}`));
  });

  it('writes nothing that is no digest', () => {
    for (const value of ['1.0.0', 'sha256:abc', `${next} `, next.toUpperCase(), `sha512:${'a'.repeat(128)}`]) {
      const refused = { type: 'SHIPLOCK_CONFIGURATION_VALUE', message: /name the image by `sha256:`/ };
      assert.throws(() => edited(rollout('credlink/api:1'), value, image), refused, value);
      assert.throws(() => edited('image: {digest: ""}\n', value, helm), refused, value);
    }
  });

  it('leaves to Helm what Helm renders', () => {
    const rendered = ['credlink/api:1@{{ .Values.digest }}', '"{{ .Values.image }}"', 'credlink/api:{{ .Values.tag }}'];
    for (const text of rendered) assert.equal(findField(rollout(text), image).isTemplate, true, text);
  });
});

describe('an image reference', () => {
  const digest = `sha256:${'a'.repeat(64)}`;
  const cases: [string, string, string, string][] = [
    ['credlink/api:1.2.0', 'credlink/api', '1.2.0', ''],
    ['registry:5000/credlink/api', 'registry:5000/credlink/api', '', ''],
    ['registry:5000/credlink/api:1', 'registry:5000/credlink/api', '1', ''],
    [`credlink/api@${digest}`, 'credlink/api', '', digest],
    [`registry:5000/api@${digest}`, 'registry:5000/api', '', digest],
    [`credlink/api:1@${digest}`, 'credlink/api', '1', digest],
    [
      'credlink/api:{{ .Values.image.tag | default "a:b@c/d" }}',
      'credlink/api',
      '{{ .Values.image.tag | default "a:b@c/d" }}',
      '',
    ],
    [
      '{{ .Values.image.repository }}:{{ .Values.image.tag }}@{{ .Values.image.digest }}',
      '{{ .Values.image.repository }}',
      '{{ .Values.image.tag }}',
      '{{ .Values.image.digest }}',
    ],
  ];
  for (const [reference, name, tag, digest] of cases) {
    it(`${reference} is cut into its parts`, () => {
      assert.deepEqual(parseImage(reference), { name, tag, digest });
    });
  }

  it('takes no tag that a registry would not', () => {
    for (const tag of ['a b', '-a', 'a/b', 'sha256:1', 'a@b', `1@${digest}`, 'x'.repeat(129)]) {
      assert.equal(imageWith(parseImage('a:1'), 'tag', tag), null, tag);
    }
  });

  it('keeps its digest when a tag is released: that is an edit of its own', () => {
    assert.equal(imageWith(parseImage(`a:1@${digest}`), 'tag', '2'), `a:2@${digest}`);
    assert.equal(imageWith(parseImage(`a@${digest}`), 'tag', '2'), `a:2@${digest}`);
  });
});

describe('the configuration activities', () => {
  let root: string;
  let file: string;
  const edit = () => ({ ...HELM, file });
  const activities = () =>
    createConfigurationActivities({ directories: [path.join(root, 'app')], state: path.join(root, 'state') });
  const put = (request: { from: string; to: string; fence: number }) =>
    activities().writeConfiguration({ edit: edit(), ...request });

  before(async () => {
    root = await mkdtemp(path.join(tmpdir(), 'shiplock-configuration-'));
    await mkdir(path.join(root, 'app'));
    file = path.join(root, 'app', 'values.yaml');
    await writeFile(file, 'image:\n  tag: v1 # now\n', { mode: 0o640 });
  });
  after(() => rm(root, { recursive: true }));

  it('write, say what was there, keep the mode, and leave nothing else behind', async () => {
    assert.deepEqual(await activities().readConfiguration({ edit: edit() }), { value: 'v1' });
    assert.deepEqual(await put({ from: 'v1', to: 'v2', fence: 1000 }), { outcome: 'written', found: 'v1' });
    assert.equal(await readFile(file, 'utf8'), 'image:\n  tag: v2 # now\n');
    assert.equal((await stat(file)).mode & 0o777, 0o640);
    assert.deepEqual(await readdir(path.dirname(file)), ['values.yaml']);
  });

  it('find a retry done already', async () => {
    assert.deepEqual(await put({ from: 'v1', to: 'v2', fence: 1000 }), { outcome: 'unchanged', found: 'v2' });
  });

  it('leave alone what somebody else wrote', async () => {
    const other = path.join(root, 'app', 'other.yaml');
    await writeFile(other, 'image:\n  tag: by-hand # now\n');
    const request = { edit: { ...HELM, file: other }, from: 'v1', to: 'v3', fence: 1000 };
    assert.deepEqual(await activities().writeConfiguration(request), { outcome: 'drifted', found: 'by-hand' });
    assert.equal(await readFile(other, 'utf8'), 'image:\n  tag: by-hand # now\n');
    await rm(other);
  });

  it('refuse a write of a lower fencing number, before and after a restart', async () => {
    await put({ from: 'v2', to: 'v1', fence: 1001 });
    await assert.rejects(put({ from: 'v1', to: 'v2', fence: 1000 }), {
      type: 'SHIPLOCK_FENCE_STALE',
      nonRetryable: true,
    });
    assert.equal(await readFile(file, 'utf8'), 'image:\n  tag: v1 # now\n');
  });

  it('let another field of the same file keep its own fence', async () => {
    await writeFile(file, 'image:\n  tag: v1 # now\nworker: a\n');
    const other = { ...edit(), field: 'worker' };
    const written = await activities().writeConfiguration({ edit: other, from: 'a', to: 'b', fence: 1 });
    assert.equal(written.outcome, 'written');
  });

  it('do not let a process that stalled just before its rename undo a later write', async (t) => {
    if (process.platform !== 'linux') return t.skip('the state of a stopped process is read from /proc');
    const [state, text] = [path.join(root, 'state'), await readFile(file, 'utf8')];
    const script = path.join(import.meta.dirname, '../fixtures/stalled-write.ts');
    const child = spawn(process.execPath, [script, file, state, '1002', 'stale'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    t.after(() => child.kill('SIGKILL'));
    const answer = child.stdout.toArray();
    await stopped(child.pid ?? 0);
    assert.equal((await put({ from: 'v1', to: 'v9', fence: 1003 })).outcome, 'written');
    child.kill('SIGCONT');
    assert.match(Buffer.concat(await answer).toString(), /ENOENT|could not be written/);
    assert.equal(await readFile(file, 'utf8'), text.replace('v1', 'v9'));
    assert.deepEqual(await readdir(path.dirname(file)), ['values.yaml']);
  });

  it('write through a symbolic link within the directories, and keep it', async () => {
    const link = path.join(root, 'app', 'link.yaml');
    await symlink(file, link);
    const through = { ...HELM, file: link };
    await activities().writeConfiguration({ edit: through, from: 'v9', to: 'v10', fence: 2000 });
    assert.match(await readFile(file, 'utf8'), /tag: v10/);
    assert.ok(lstatSync(link).isSymbolicLink());
  });

  it('refuse a symbolic link that leads out of them', async () => {
    const outside = path.join(root, 'outside.yaml');
    await writeFile(outside, 'image:\n  tag: v1\n');
    const link = path.join(root, 'app', 'out.yaml');
    await symlink(outside, link);
    const out = { edit: { ...HELM, file: link }, from: 'v1', to: 'v2', fence: 1 };
    await assert.rejects(activities().writeConfiguration(out), { type: 'SHIPLOCK_POLICY_REFUSED', nonRetryable: true });
    assert.equal(await readFile(outside, 'utf8'), 'image:\n  tag: v1\n');
  });

  it('refuse a file that is missing, too large or no text', async () => {
    const read = (name: string) =>
      activities().readConfiguration({ edit: { ...HELM, file: path.join(root, 'app', name) } });
    await assert.rejects(read('nothing.yaml'), { type: 'SHIPLOCK_FILE_MISSING' });
    await writeFile(path.join(root, 'app', 'large.yaml'), Buffer.alloc(1024 * 1024 + 1, 'a'));
    await assert.rejects(read('large.yaml'), /larger than 1 MiB/);
    await writeFile(path.join(root, 'app', 'binary.yaml'), Buffer.from([0x61, 0x3a, 0x20, 0xff, 0xfe]));
    await assert.rejects(read('binary.yaml'), /no UTF-8 text/);
  });

  it('carry tag and digest of one image, each compared and set by itself', async () => {
    const manifest = path.join(root, 'app', 'pinned.yaml');
    const [old, next] = [`sha256:${'a'.repeat(64)}`, `sha256:${'b'.repeat(64)}`];
    await writeFile(manifest, rollout('credlink/api:1.0.0 # by release'));
    const [tag, digest] = [
      { ...ROLLOUT, file: manifest },
      { ...ROLLOUT, file: manifest, carries: 'digest' as const },
    ];
    const write = activities().writeConfiguration;
    assert.deepEqual(await activities().readConfiguration({ edit: digest }), { value: '' });
    await write({ edit: tag, from: '1.0.0', to: '1.1.0', fence: 1 });
    assert.deepEqual(await write({ edit: digest, from: '', to: next, fence: 1 }), { outcome: 'written', found: '' });
    assert.equal(await readFile(manifest, 'utf8'), rollout(`credlink/api:1.1.0@${next} # by release`));
    const drifted = { outcome: 'drifted', found: next };
    assert.deepEqual(await write({ edit: digest, from: '', to: old, fence: 1 }), drifted);
    await write({ edit: digest, from: next, to: '', fence: 2 });
    await write({ edit: tag, from: '1.1.0', to: '1.0.0', fence: 2 });
    assert.equal(await readFile(manifest, 'utf8'), rollout('credlink/api:1.0.0 # by release'));
    await assert.rejects(write({ edit: digest, from: '', to: next, fence: 1 }), { type: 'SHIPLOCK_FENCE_STALE' });
  });

  it('neither write nor undo what Helm renders', async () => {
    const manifest = path.join(root, 'app', 'rollout.yaml');
    const text = rollout('credlink/api:{{ .Values.image.tag }}');
    await writeFile(manifest, text);
    const rendered = { ...ROLLOUT, file: manifest };
    const template = '{{ .Values.image.tag }}';
    const forward = { edit: rendered, from: template, to: '2.0.0', fence: 1 };
    assert.deepEqual(await activities().writeConfiguration(forward), { outcome: 'unchanged', found: template });
    const undo = { edit: rendered, from: '2.0.0', to: template, fence: 2 };
    assert.deepEqual(await activities().writeConfiguration(undo), { outcome: 'unchanged', found: template });
    assert.equal(await readFile(manifest, 'utf8'), text);
  });
});

/** Resolves when a process has been stopped by SIGSTOP. */
async function stopped(pid: number): Promise<void> {
  for (let look = 0; look < 5_000; look += 1) {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    if (stat.slice(stat.lastIndexOf(')') + 2).startsWith('T')) return;
    await delay(20);
  }
  throw new Error(`process ${pid} has not stopped within 100 s`);
}

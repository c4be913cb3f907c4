import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { CompileRequest } from '../../src/plan/index.ts';
import { blueGreen, edited, GOOD, WHOLE } from './plan-fixture.ts';
import { compileFiles } from './plan-refusals.ts';

type Files = Readonly<Record<string, string>>;

const autoPromote = (value: boolean) => ({ overrides: { autoPromote: value } });

/** No canary: green is looked at and gets all traffic at once. */
const bare = (cutover: string): Files => ({
  ...GOOD,
  'release.yaml': (GOOD['release.yaml'] ?? '')
    .replace(/canary:\n[\s\S]*$/, 'canary: { templates: [templates.yaml] }\n')
    .concat(`cutover: ${cutover}\n`),
});

describe('who decides on a cutover', () => {
  const decided = (files: Files, request: Partial<CompileRequest> = {}) => {
    const { plan, errors } = compileFiles(files, request);
    assert.ok(plan, JSON.stringify(errors, null, 2));
    const { cutover, promotion } = plan;
    const asks = (approval: unknown) => (approval ? 'a person' : 'nobody');
    return { promotion: asks(promotion.approval), cutover: asks(cutover?.approval), pauseMs: cutover?.pauseMs };
  };
  const ramped = (line: string) =>
    edited('release.yaml', '  preview: { path: /health }\n', `  preview: { path: /health }\n  ${line}\n`, WHOLE);

  const table: readonly (readonly [string, Files, Partial<CompileRequest>, object])[] = [
    ['after a canary: the promotion', WHOLE, {}, { promotion: 'a person', cutover: 'nobody', pauseMs: null }],
    [
      'after a canary, with an approval of its own: both',
      ramped('approval: { deadline: 1m }'),
      {},
      { promotion: 'a person', cutover: 'a person', pauseMs: null },
    ],
    [
      'after a canary, with AUTO_PROMOTE=true: nobody',
      ramped('approval: { deadline: 1m }'),
      autoPromote(true),
      { promotion: 'nobody', cutover: 'nobody', pauseMs: null },
    ],
    [
      'after a canary, with a pause: its end',
      ramped('pause: 30s'),
      {},
      { promotion: 'a person', cutover: 'nobody', pauseMs: 30_000 },
    ],
    ['without a canary: the cutover', bare('{}'), {}, { promotion: 'nobody', cutover: 'a person', pauseMs: null }],
    [
      'without a canary, with AUTO_PROMOTE=true: nobody',
      bare('{}'),
      autoPromote(true),
      { promotion: 'nobody', cutover: 'nobody', pauseMs: null },
    ],
    [
      'without a canary, where it is automatic: nobody',
      bare('{ automatic: true, pause: 5s }'),
      {},
      { promotion: 'nobody', cutover: 'nobody', pauseMs: 5_000 },
    ],
    [
      'without a canary, with a pause: its end',
      bare('{ pause: 5s }'),
      {},
      { promotion: 'nobody', cutover: 'nobody', pauseMs: 5_000 },
    ],
    [
      'without a canary, with a pause and AUTO_PROMOTE=false: a person',
      bare('{ pause: 5s }'),
      autoPromote(false),
      { promotion: 'nobody', cutover: 'a person', pauseMs: null },
    ],
    [
      'of an Argo Rollout: its autoPromotionSeconds',
      blueGreen(),
      {},
      { promotion: 'nobody', cutover: 'nobody', pauseMs: 90_000 },
    ],
    [
      'of an Argo Rollout with autoPromotionEnabled: false: a person',
      blueGreen('autoPromotionSeconds: 90', 'autoPromotionEnabled: false'),
      {},
      { promotion: 'nobody', cutover: 'a person', pauseMs: null },
    ],
    [
      'of an Argo Rollout, with AUTO_PROMOTE=false: a person',
      blueGreen(),
      autoPromote(false),
      { promotion: 'nobody', cutover: 'a person', pauseMs: null },
    ],
  ];
  for (const [name, files, request, expected] of table) {
    test(name, () => assert.deepEqual(decided(files, request), expected));
  }
});

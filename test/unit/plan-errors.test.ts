import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, test } from 'node:test';
import { checkFiles, compileRelease } from '../../src/plan/index.ts';
import { edited, folderOf, GOOD, unmarked } from './plan-fixture.ts';

interface BadInput {
  readonly says: string;
  readonly file: string;
  readonly from: string;
  /** « marks the place that the error names. */
  readonly to: string;
  readonly path: string;
  readonly code: string;
  readonly message: RegExp;
}

const bad = (
  says: string,
  file: string,
  from: string,
  to: string,
  at: string,
  code: string,
  message: RegExp,
): BadInput => ({ says, file, from, to, path: at, code: `SHIPLOCK_PLAN_${code}`, message });

const RELEASE = 'release.yaml';
const ROLLOUT = 'rollout.yaml';
const TEMPLATES = 'templates.yaml';
const CANARY = 'spec.strategy.canary';

const CASES: readonly BadInput[] = [
  bad(
    'a misspelt field is named with what was likely meant',
    RELEASE,
    'gates:',
    '«gats:',
    'gats',
    'FIELD_UNKNOWN',
    /did you mean gates\?/,
  ),
  bad(
    'an unknown field is refused with the known ones',
    RELEASE,
    '  replicas: 2',
    '  replicas: 2\n  «zebra: 1',
    'target.zebra',
    'FIELD_UNKNOWN',
    /expected one of platform, command/,
  ),
  bad(
    'a missing field is named at its parent',
    RELEASE,
    'target:\n  platform: local',
    '«target:',
    'target.platform',
    'FIELD_MISSING',
    /is missing; expected "local"/,
  ),
  bad(
    'a value of the wrong type is named',
    RELEASE,
    'replicas: 2',
    'replicas: «two',
    'target.replicas',
    'TYPE',
    /"two"; expected a number/,
  ),
  bad(
    'a value out of range is named',
    RELEASE,
    'minimum: 80',
    'minimum: «101',
    'gates[1].coverage.minimum',
    'RANGE',
    /is 101; expected at most 100/,
  ),
  bad(
    'a value that is no choice is named',
    RELEASE,
    'platform: local',
    'platform: «mars',
    'target.platform',
    'VALUE',
    /"mars"; expected "local"/,
  ),
  bad(
    'a service that is no DNS label is refused',
    RELEASE,
    'service: shop',
    'service: «Shop_1',
    'service',
    'VALUE',
    /expected a DNS label/,
  ),
  bad(
    'a gate that is two things is refused',
    RELEASE,
    '    command: [npm, test]',
    '    command: [npm, test]\n    audit: { report: a.json }',
    'gates[0]',
    'CHOICE',
    /has command and audit; expected exactly one/,
  ),
  bad(
    'two gates of one name are refused',
    RELEASE,
    '- name: coverage',
    '- name: «test',
    'gates[1].name',
    'DUPLICATE',
    /second gate is named test/,
  ),
  bad(
    'a duration nobody understands is refused',
    RELEASE,
    '    command: [npm, test]',
    '    command: [npm, test]\n    timeout: «5x',
    'gates[0].timeout',
    'DURATION',
    /"5x" is not a duration; expected whole seconds or for example/,
  ),
  bad(
    'a weight of 101 is refused',
    ROLLOUT,
    'setWeight: 20',
    'setWeight: «101',
    `${CANARY}.steps[0].setWeight`,
    'WEIGHT_RANGE',
    /is 101; expected a whole percentage from 0 to 100/,
  ),
  bad(
    'a negative weight is refused',
    ROLLOUT,
    'setWeight: 20',
    'setWeight: «-1',
    `${CANARY}.steps[0].setWeight`,
    'WEIGHT_RANGE',
    /is -1/,
  ),
  bad(
    'a weight with a fraction is refused',
    ROLLOUT,
    'setWeight: 20',
    'setWeight: «2.5',
    `${CANARY}.steps[0].setWeight`,
    'WEIGHT_RANGE',
    /is 2.5/,
  ),
  bad(
    'a pause of 5x is refused',
    ROLLOUT,
    'duration: 5m',
    'duration: «5x',
    `${CANARY}.steps[1].pause.duration`,
    'DURATION',
    /"5x" is not a duration/,
  ),
  bad(
    'a negative pause is refused',
    ROLLOUT,
    'duration: 5m',
    'duration: «-5',
    `${CANARY}.steps[1].pause.duration`,
    'DURATION',
    /is negative/,
  ),
  bad(
    'a step that is two things is refused',
    ROLLOUT,
    '- setWeight: 20',
    '- «setWeight: 20\n          pause: {}',
    `${CANARY}.steps[0]`,
    'STEP_KIND',
    /is setWeight and pause at once/,
  ),
  bad(
    'an empty step is refused',
    ROLLOUT,
    '- setWeight: 20',
    '- «{}',
    `${CANARY}.steps[0]`,
    'STEP_KIND',
    /does nothing/,
  ),
  bad(
    "an experiment of Argo's is refused by name",
    ROLLOUT,
    'setWeight: 20',
    '«experiment: {}',
    `${CANARY}.steps[0].experiment`,
    'UNSUPPORTED',
    /^experiment is known to Argo Rollouts but not supported/,
  ),
  bad(
    'canary and blue-green at once are refused',
    ROLLOUT,
    '  strategy:\n    canary:\n',
    '  «strategy:\n    blueGreen: { activeService: shop }\n    canary:\n',
    'spec.strategy',
    'CHOICE',
    /^has canary and blueGreen; expected exactly one of them/,
  ),
  bad(
    "another router of Argo's is refused by name",
    ROLLOUT,
    '      steps:\n',
    '      trafficRouting:\n        «nginx: {}\n      steps:\n',
    `${CANARY}.trafficRouting.nginx`,
    'UNSUPPORTED',
    /^trafficRouting.nginx is known/,
  ),
  bad(
    "another provider of Argo's is refused by name",
    TEMPLATES,
    'prometheus:\n          address: http://prometheus:9090\n          query: sum(broken)',
    '«wavefront: { address: x, query: ts(x) }',
    'spec.metrics[0].provider.wavefront',
    'UNSUPPORTED',
    /^provider.wavefront is known/,
  ),
  bad(
    'a nested template that is not there is named',
    TEMPLATES,
    '  name: smoke\nspec:\n',
    '  name: smoke\nspec:\n  templates: [{ templateName: «success }]\n',
    'spec.templates[0].templateName',
    'TEMPLATE_MISSING',
    /there is no AnalysisTemplate\/success; there are success-rate, smoke/,
  ),
  bad(
    'a circle of templates is refused',
    TEMPLATES,
    '  name: smoke\nspec:\n',
    '  name: smoke\nspec:\n  templates: [«{ templateName: smoke }]\n',
    'spec.templates[0]',
    'CYCLE',
    /circle of templates: smoke → smoke/,
  ),
  bad(
    'a missing template is named with the nearest one',
    ROLLOUT,
    'templateName: success-rate',
    'templateName: «sucess-rate',
    `${CANARY}.analysis.templates[0].templateName`,
    'TEMPLATE_MISSING',
    /no AnalysisTemplate\/sucess-rate; did you mean success-rate\?/,
  ),
  bad(
    'a template of the other scope is named',
    ROLLOUT,
    'templateName: success-rate',
    'templateName: «success-rate\n            clusterScope: true',
    `${CANARY}.analysis.templates[0].templateName`,
    'TEMPLATE_MISSING',
    /remove clusterScope/,
  ),
  bad(
    'a missing file is named',
    RELEASE,
    'templates: [templates.yaml]',
    'templates: [other.yaml]',
    '',
    'FILE',
    /does not exist/,
  ),
  bad(
    'a Rollout that is not in the file is named',
    RELEASE,
    '{ file: rollout.yaml }',
    '{ file: rollout.yaml, name: «store }',
    'canary.rollout.name',
    'ROLLOUT_MISSING',
    /no Rollout named store; it holds shop/,
  ),
  bad(
    'a startingStep beyond the steps is refused',
    ROLLOUT,
    'startingStep: 1',
    'startingStep: «9',
    `${CANARY}.analysis.startingStep`,
    'RANGE',
    /is 9; expected the index of a step, 0 to 4/,
  ),
  bad(
    'two metrics of one name are refused',
    TEMPLATES,
    '---',
    '    - name: «success-rate\n      provider:\n        prometheus: { address: http://p:9090, query: up }\n---',
    'spec.metrics[1].name',
    'DUPLICATE',
    /second metric is named success-rate/,
  ),
  bad(
    'a template that is defined twice is refused',
    TEMPLATES,
    '  name: smoke',
    '  name: «success-rate',
    'metadata.name',
    'DUPLICATE',
    /defined a second time; the first stands at .*templates.yaml:4/,
  ),
  bad(
    'a count without an interval is refused',
    TEMPLATES,
    '      failureCondition: result > 0',
    '      failureCondition: result > 0\n      count: «3',
    'spec.metrics[0].count',
    'METRIC_INTERVAL',
    /is 3 without an interval/,
  ),
  bad(
    'an interval without a unit is refused',
    TEMPLATES,
    'interval: 1m',
    'interval: «60',
    'spec.metrics[0].interval',
    'DURATION',
    /60 is not a duration; expected for example/,
  ),
  bad(
    'an interval below a second is refused',
    TEMPLATES,
    'interval: 1m',
    'interval: «10ms',
    'spec.metrics[0].interval',
    'DURATION',
    /shorter than 1000 ms/,
  ),
  bad(
    'a failure limit above the count is refused',
    TEMPLATES,
    'failureLimit: 3',
    'failureLimit: «6',
    'spec.metrics[0].failureLimit',
    'METRIC_LIMIT',
    /is 6, more than the count of 5/,
  ),
  bad(
    'a metric without a provider is refused',
    TEMPLATES,
    '        prometheus:\n          address: http://prometheus:9090\n          query: sum(broken)',
    '        {}',
    'spec.metrics[0].provider',
    'FIELD_MISSING',
    /has no provider; expected one of prometheus, web, datadog, job/,
  ),
  bad(
    'an address that is no URL is refused',
    TEMPLATES,
    'address: http://prometheus:9090',
    'address: «prometheus',
    'spec.metrics[0].provider.prometheus.address',
    'VALUE',
    /expected an http address without credentials/,
  ),
  bad(
    'a condition that does not parse is refused',
    TEMPLATES,
    'result[0] >= 0.99',
    '«result[0] >=',
    'spec.metrics[0].successCondition',
    'CONDITION',
    /at character/,
  ),
  bad(
    'an argument without a value is named',
    ROLLOUT,
    '            value: shop-canary',
    '',
    `${CANARY}.analysis.templates[0].templateName`,
    'ARGUMENT_MISSING',
    /needs a value for its argument service-name/,
  ),
  bad(
    'an argument that nobody declares is named',
    TEMPLATES,
    'sum(broken)',
    '«sum({{args.what}})',
    'spec.metrics[0].provider.prometheus.query',
    'ARGUMENT_UNKNOWN',
    /declares none/,
  ),
  bad(
    'a placeholder that nothing fills is named',
    TEMPLATES,
    'sum(broken)',
    '«sum({{inputs.x}})',
    'spec.metrics[0].provider.prometheus.query',
    'PLACEHOLDER',
    /filled by nothing/,
  ),
  bad(
    "Helm's other values are not left in what would be applied",
    ROLLOUT,
    'memory: 256Mi',
    'memory: «"{{ .Values.memory }}"',
    'spec.template.spec.containers[0].resources.requests.memory',
    'PLACEHOLDER',
    /only \{\{ .Values.image.tag \}\} is filled/,
  ),
  bad(
    'a selector that does not match is refused',
    ROLLOUT,
    '      app: shop\n  strategy',
    '      app: «store\n  strategy',
    'spec.selector.matchLabels.app',
    'SELECTOR',
    /label app of the pod template/,
  ),
  bad(
    'a quantity that is none is refused',
    ROLLOUT,
    '256Mi',
    '«lots',
    'spec.template.spec.containers[0].resources.requests.memory',
    'VALUE',
    /expected a quantity/,
  ),
  bad(
    'two equal services are refused',
    ROLLOUT,
    'canaryService: shop-canary',
    'canaryService: «shop-stable',
    `${CANARY}.canaryService`,
    'DUPLICATE',
    /they must differ/,
  ),
  bad(
    'a kind that is misspelt is named',
    ROLLOUT,
    'kind: Rollout',
    'kind: «Rolout',
    'kind',
    'KIND',
    /did you mean Rollout\?/,
  ),
  bad('a document without a kind is refused', ROLLOUT, 'kind: Rollout\n', '', 'kind', 'KIND', /is missing/),
  bad(
    'a Helm file without the tag is refused',
    RELEASE,
    '{ file: values.yaml }',
    '{ file: values.yaml, tag: «image.version }',
    'configuration[0].helm.tag',
    'EDIT_TARGET',
    /no text at image.version/,
  ),
  bad(
    'a container that is not there is refused',
    RELEASE,
    '- helm: { file: values.yaml }',
    '- rollout: { file: rollout.yaml, container: «web }',
    'configuration[0].rollout.container',
    'EDIT_TARGET',
    /no container named web/,
  ),
  bad(
    'an edit of an image that Helm fills is refused',
    RELEASE,
    '- helm: { file: values.yaml }',
    '- rollout: { file: rollout.yaml, container: «api }',
    'configuration[0].rollout.container',
    'EDIT_TARGET',
    /nothing to write/,
  ),
  bad(
    'bounds of the monitor that overlap are refused',
    RELEASE,
    'monitor: {}',
    'monitor: { unhealthy: { success: «0.995 } }',
    'promotion.monitor.unhealthy.success',
    'RANGE',
    /overlaps healthy/,
  ),
  bad(
    'a rollout and steps at once are refused',
    RELEASE,
    '  rollout: { file: rollout.yaml }',
    '  rollout: { file: rollout.yaml }\n  steps: [{ setWeight: 5 }]',
    'canary',
    'CHOICE',
    /has rollout and steps/,
  ),
  bad(
    'a key that stands twice is refused',
    RELEASE,
    'service: shop',
    'service: shop\n«service: shop',
    '',
    'YAML_SYNTAX',
    /the key service stands twice/,
  ),
  bad(
    'a value that refers to itself is refused',
    RELEASE,
    'monitor: {}',
    'monitor: &loop { healthy: «*loop }',
    '',
    'CYCLE',
    /contains it/,
  ),
];

describe('each kind of bad input is refused at its place', () => {
  for (const input of CASES) {
    test(`${input.says} (${input.code})`, () => {
      const { files, place } = unmarked(edited(input.file, input.from, input.to));
      const marked = input.to.includes('«');
      const folder = folderOf(files);
      const compiled = compileRelease({ file: path.join(folder, RELEASE), version: '1.2.0' });
      assert.equal(compiled.ok, false);
      assert.equal(compiled.plan, null);
      const found = compiled.errors.filter((error) => error.code === input.code && error.path === input.path);
      assert.ok(found.length > 0, JSON.stringify(compiled.errors, null, 2));
      const error = found.find(({ message }) => input.message.test(message));
      assert.ok(error, JSON.stringify(found, null, 2));
      if (!marked) return;
      const at = { file: path.relative(folder, error.file), line: error.line, column: error.column };
      assert.deepEqual(at, place);
    });
  }

  test('the release that they change compiles without them', () => {
    const compiled = compileRelease({ file: path.join(folderOf(GOOD), RELEASE), version: '1.2.0' });
    assert.deepEqual(compiled.errors, []);
    assert.deepEqual(compiled.warnings, []);
  });
});

describe('errors come together', () => {
  test('every error of every file is in one answer, in the order of files and lines', () => {
    const folder = folderOf({
      ...GOOD,
      'release.yaml': GOOD['release.yaml']?.replace('service: shop', 'service: Shop').replace('gates:', 'gats:') ?? '',
      'rollout.yaml':
        GOOD['rollout.yaml']?.replace('setWeight: 20', 'setWeight: 101').replace('duration: 10m', 'duration: 5x') ?? '',
      'templates.yaml': GOOD['templates.yaml']?.replace('interval: 1m', 'interval: soon') ?? '',
    });
    const { errors } = compileRelease({ file: path.join(folder, RELEASE), version: '1.2.0' });
    assert.deepEqual(
      errors.map((error) => `${path.basename(error.file)}:${error.line}:${error.code}`),
      [
        'release.yaml:3:SHIPLOCK_PLAN_VALUE',
        'release.yaml:8:SHIPLOCK_PLAN_FIELD_UNKNOWN',
        'rollout.yaml:15:SHIPLOCK_PLAN_WEIGHT_RANGE',
        'rollout.yaml:21:SHIPLOCK_PLAN_DURATION',
        'templates.yaml:10:SHIPLOCK_PLAN_DURATION',
      ],
    );
  });

  test('the same input gives the same answer', () => {
    const folder = folderOf(edited(ROLLOUT, 'setWeight: 20', 'setWeight: 101'));
    const once = () => JSON.stringify(compileRelease({ file: path.join(folder, RELEASE), version: '1.2.0' }));
    assert.equal(once(), once());
  });
});

describe('what is asked for on the command line is checked too', () => {
  const compile = (files: Record<string, string>, request: object) =>
    compileRelease({ file: path.join(folderOf(files), RELEASE), version: '1.2.0', ...request });

  test('a version that is no image tag is refused (SHIPLOCK_PLAN_VERSION)', () => {
    assert.deepEqual(
      compile(GOOD, { version: 'a b' }).errors.map(({ code }) => code),
      ['SHIPLOCK_PLAN_VERSION'],
    );
  });

  test('an environment that is no DNS label is refused', () => {
    assert.deepEqual(
      compile(GOOD, { environment: 'Prod!' }).errors.map(({ path: at }) => at),
      ['environment'],
    );
  });

  test('AUTO_PROMOTE cannot overrule a file that decides (SHIPLOCK_PLAN_AUTO_PROMOTE)', () => {
    const files = unmarked(edited(RELEASE, '  monitor: {}', '  automatic: «false\n  monitor: {}'));
    const { errors } = compile(files.files, { overrides: { autoPromote: true } });
    assert.equal(errors[0]?.code, 'SHIPLOCK_PLAN_AUTO_PROMOTE');
    assert.deepEqual([errors[0]?.line, errors[0]?.column], [files.place.line, files.place.column]);
    assert.equal(compile(files.files, {}).ok, true);
  });

  test('a file that is no release is refused', () => {
    const folder = folderOf(GOOD);
    const { errors } = compileRelease({ file: path.join(folder, TEMPLATES), version: '1.2.0' });
    assert.deepEqual(
      errors.map(({ code, message }) => [code, /holds no Release/.test(message)]),
      [['SHIPLOCK_PLAN_KIND', true]],
    );
  });
});

describe('templates that disagree', () => {
  const twoTemplates = (second: string) =>
    checkFiles(
      [
        path.join(
          folderOf({
            'all.yaml': `${GOOD['rollout.yaml']?.replace('- templateName: success-rate', '- templateName: success-rate\n          - templateName: second')}---\n${GOOD['templates.yaml']}---\n${second}`,
          }),
          'all.yaml',
        ),
      ],
      { version: '1.0.0' },
    );
  const second = (metric: string, value: string) => `apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: { name: second }
spec:
  args: [${value}]
  metrics:
    - name: ${metric}
      provider: { prometheus: { address: 'http://p:9090', query: up } }
`;

  test('a metric of the same name in two templates of one analysis is refused', () => {
    const { errors } = twoTemplates(second('success-rate', ''));
    assert.deepEqual(
      errors.map(({ code, path: at }) => [code, at]),
      [['SHIPLOCK_PLAN_DUPLICATE', 'spec.metrics[0].name']],
    );
  });

  test('two defaults of one argument are refused (SHIPLOCK_PLAN_ARGUMENT_CONFLICT)', () => {
    const folder = folderOf({
      'all.yaml': `${GOOD['rollout.yaml']
        ?.replace('- templateName: success-rate', '- templateName: a\n          - templateName: b')
        .replace(
          / {8}args:\n.*\n.*\n/,
          '',
        )}---\n${GOOD['templates.yaml']}---\n${second('one', '{ name: x, value: "1" }').replace('second', 'a')}---\n${second('two', '{ name: x, value: "2" }').replace('second', 'b')}`,
    });
    const { errors } = checkFiles([path.join(folder, 'all.yaml')], { version: '1.0.0' });
    assert.deepEqual(
      errors.map(({ code, message }) => [code, message]),
      [['SHIPLOCK_PLAN_ARGUMENT_CONFLICT', 'the templates give the argument x different defaults: 1 and 2']],
    );
  });
});

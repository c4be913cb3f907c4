import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after } from 'node:test';

/** A release that compiles: what each bad-input test changes in one place. */
export const GOOD: Readonly<Record<string, string>> = {
  'release.yaml': `apiVersion: shiplock/v1
kind: Release
service: shop
target:
  platform: local
  command: [node, shop.js, '{{version}}']
  replicas: 2
gates:
  - name: test
    command: [npm, test]
  - name: coverage
    coverage: { report: coverage/lcov.info, minimum: 80 }
  - name: audit
    audit: { report: audit.json }
configuration:
  - helm: { file: values.yaml }
canary:
  rollout: { file: rollout.yaml }
  templates: [templates.yaml]
promotion:
  monitor: {}
`,
  'values.yaml': `image:
  tag: 1.0.0
`,
  'rollout.yaml': `apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata:
  name: shop
spec:
  replicas: 3
  selector:
    matchLabels:
      app: shop
  strategy:
    canary:
      canaryService: shop-canary
      stableService: shop-stable
      steps:
        - setWeight: 20
        - pause: { duration: 5m }
        - analysis:
            templates:
              - templateName: smoke
        - setWeight: 60
        - pause: { duration: 10m }
      analysis:
        startingStep: 1
        templates:
          - templateName: success-rate
        args:
          - name: service-name
            value: shop-canary
  template:
    metadata:
      labels:
        app: shop
    spec:
      containers:
        - name: api
          image: shop/api:{{ .Values.image.tag }}
          resources:
            requests:
              memory: 256Mi
`,
  'templates.yaml': `apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata:
  name: success-rate
spec:
  args:
    - name: service-name
  metrics:
    - name: success-rate
      interval: 1m
      count: 5
      successCondition: result[0] >= 0.99
      failureLimit: 3
      provider:
        prometheus:
          address: http://prometheus:9090
          query: sum(rate(ok{service="{{args.service-name}}"}[2m]))
---
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata:
  name: smoke
spec:
  metrics:
    - name: smoke
      failureCondition: result > 0
      provider:
        prometheus:
          address: http://prometheus:9090
          query: sum(broken)
`,
};

/** The same with every phase. */
export const WHOLE: Readonly<Record<string, string>> = {
  ...GOOD,
  'release.yaml': `${GOOD['release.yaml']?.replace('{ file: values.yaml }', '{ file: values.yaml, digest: image.digest }')}image:
  repository: localhost:5000/shop/api
  build: { directory: app }
  insecure: true
database:
  name: shop
  expand: db/expand
  contract: db/contract
cutover:
  preview: { path: /health }
  before: { templates: [{ templateName: smoke }] }
  after: { templates: [{ templateName: smoke }] }
flags:
  onFailure: phase
  ramps:
    - key: new-checkout
      steps:
        - setPercent: 10
        - pause: { duration: 1m }
        - analysis: { templates: [{ templateName: smoke }] }
        - setPercent: 100
validation:
  security:
    audit: audit
    headers: { path: /health, required: { x-content-type-options: nosniff } }
    image: true
  performance: { path: /items }
notify: [deploys]
`,
  'values.yaml': `image:
  tag: 1.0.0
  digest: ''
`,
  'db/expand/001_add_owner.sql': 'ALTER TABLE items ADD COLUMN owner text;\n',
  'db/expand/002_index_owner.sql': 'CREATE INDEX items_owner ON items (owner);\n',
  'db/contract/003_drop_seller.sql': 'ALTER TABLE items DROP COLUMN seller;\n',
};

/** Argo's other strategy; with `templates.yaml` of GOOD. */
const BLUE_GREEN = `apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata:
  name: shop
spec:
  replicas: 3
  selector:
    matchLabels:
      app: shop
  strategy:
    blueGreen:
      activeService: shop-active
      previewService: shop-preview
      autoPromotionSeconds: 90
      prePromotionAnalysis:
        templates:
          - templateName: smoke
      scaleDownDelaySeconds: 120
  template:
    metadata:
      labels:
        app: shop
    spec:
      containers:
        - name: api
          image: shop/api:{{ .Values.image.tag }}
`;

/** A release of it, with one text of the Rollout replaced, and more sections in the release file. */
export const blueGreen = (from = '', to = '', more = ''): Record<string, string> => ({
  ...GOOD,
  'release.yaml': `${(GOOD['release.yaml'] ?? '').replace(/promotion:\n {2}monitor: \{\}\n/, '')}${more}`,
  'rollout.yaml': BLUE_GREEN.replace(from, to),
});

/** Writes files into a folder of their own, which is removed when the test file ends. */
export function folderOf(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'shiplock-plan-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), text);
  }
  return folder;
}

/** `GOOD` (or another set) with one text replaced in one file; the text must stand there. */
export function edited(file: string, from: string, to: string, files = GOOD): Record<string, string> {
  const text = files[file] ?? '';
  if (!text.includes(from)) throw new Error(`${file} does not hold ${from}`);
  return { ...files, [file]: text.replace(from, () => to) };
}

/** Takes the marker « out of the files and says where it stood: the place an error must name. */
export function unmarked(files: Readonly<Record<string, string>>): {
  files: Record<string, string>;
  place: { file: string; line: number; column: number };
} {
  let place = { file: 'release.yaml', line: 1, column: 1 };
  const clean: Record<string, string> = {};
  for (const [file, text] of Object.entries(files)) {
    const before = text.split('«')[0] ?? '';
    if (before !== text) {
      const lines = before.split('\n');
      place = { file, line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 };
    }
    clean[file] = text.replace('«', '');
  }
  return { files: clean, place };
}

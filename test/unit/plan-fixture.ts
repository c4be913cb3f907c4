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

/** `GOOD` with one text replaced in one file; the text must stand there. */
export function edited(file: string, from: string, to: string): Record<string, string> {
  const text = GOOD[file] ?? '';
  if (!text.includes(from)) throw new Error(`${file} does not hold ${from}`);
  return { ...GOOD, [file]: text.replace(from, () => to) };
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

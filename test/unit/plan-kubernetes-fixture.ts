import { GOOD } from './plan-fixture.ts';

/** A release on Kubernetes that compiles; its Rollout says where traffic is split. */
export const CLUSTER: Readonly<Record<string, string>> = {
  ...GOOD,
  'release.yaml': `apiVersion: shiplock/v1
kind: Release
service: shop
target:
  platform: kubernetes
  namespace: shop
canary:
  rollout: { file: rollout.yaml }
  templates: [templates.yaml]
promotion:
  monitor: {}
`,
  'rollout.yaml': (GOOD['rollout.yaml'] ?? '')
    .replace(
      '      steps:\n',
      `      trafficRouting:
        istio:
          virtualService: { name: shop, routes: [primary] }
      steps:
`,
    )
    .replace(
      'shop/api:{{ .Values.image.tag }}\n',
      `shop/api:{{ .Values.image.tag }}
          readinessProbe: { httpGet: { path: /healthz, port: 3000 } }
`,
    ),
};

/** The same without a Rollout: steps of its own, and a Deployment. */
export const DEPLOYED: Readonly<Record<string, string>> = {
  ...CLUSTER,
  'release.yaml': `apiVersion: shiplock/v1
kind: Release
service: shop
target:
  platform: kubernetes
  cluster: east
  deployment: { file: deployment.yaml }
  adopts: shop
  configMaps: [config.yaml]
  traffic:
    gateway: { httpRoute: shop }
image:
  repository: registry.example/shop/api
canary:
  steps:
    - setWeight: 20
    - pause: { duration: 5m }
`,
  'deployment.yaml': `apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop
  namespace: store
spec:
  replicas: 4
  minReadySeconds: 7
  selector:
    matchLabels: { app: shop }
  template:
    metadata:
      labels: { app: shop, team: front }
      annotations: { prometheus.io/scrape: 'true' }
    spec:
      initContainers:
        - name: migrate
          image: registry.example/shop/migrate:3
      containers:
        - name: api
          image: registry.example/shop/api:1.0.0
          envFrom:
            - configMapRef: { name: shop-settings }
        - name: proxy
          image: registry.example/proxy:2
      volumes:
        - name: files
          projected:
            sources:
              - configMap: { name: shop-files }
`,
  'config.yaml': `apiVersion: v1
kind: ConfigMap
metadata:
  name: shop-settings
data:
  LEVEL: info
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: shop-files
data:
  banner.txt: hello
`,
};

/** Every manifest of the installation, admitted by a real API server: nothing is stored (`dryRun=All`). */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import { MANIFESTS, renderChart } from '../../infra/chart/render.ts';
import { findProgram } from '../../infra/test-cluster/programs/index.ts';
import { type ClusterObject, openCluster, type TestCluster } from './support/index.ts';

const INSTALL = fileURLToPath(new URL('../../infra/install', import.meta.url));
/** A checkout of Temporal's chart (github.com/temporalio/helm-charts, charts/temporal), of the version in docs/install.md. */
const TEMPORAL_CHART = process.env.SHIPLOCK_TEMPORAL_CHART;

describe('the manifests of the installation', { timeout: 120_000 }, () => {
  let cluster: TestCluster;
  let helm: string | null = null;
  const ends: (() => Promise<void>)[] = [];
  /** Namespaces like the installation's, with its rules for pods: manifests name their own. */
  const namespaces = new Map<string, string>();

  before(async () => {
    cluster = await openCluster({ after: (work) => ends.push(work) });
    helm = (await findProgram('helm')).found?.path ?? null;
    for (const object of objectsOf(readFileSync(join(INSTALL, 'manifests/namespaces.yaml'), 'utf8'))) {
      const { name, labels } = object.metadata;
      const made = `shiplock-test-${name}-${randomBytes(4).toString('hex')}`;
      await cluster.api.ask('POST', '/api/v1/namespaces', {
        body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: made, labels } },
      });
      namespaces.set(name, made);
      ends.unshift(async () => void (await cluster.api.send('DELETE', `/api/v1/namespaces/${made}`)));
    }
  });
  after(async () => {
    for (const end of ends) await end();
  });

  it('of infra/install/manifests are admitted', async () => {
    const folder = join(INSTALL, 'manifests');
    const texts = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
    await admits(texts.flatMap(objectsOf), 7);
  });

  it('of infra/kubernetes/worker are admitted', async () => {
    const files = readdirSync(MANIFESTS).filter((name) => name !== 'values.yaml');
    await admits(
      files.flatMap((name) => objectsOf(readFileSync(join(MANIFESTS, name), 'utf8'))),
      7,
    );
  });

  it("of the chart are admitted with the installation's values, with nothing left out, and with either scaler", async (t) => {
    if (helm === null) return t.skip('no helm: node infra/chart/render.ts builds one');
    const values = ['--values', join(INSTALL, 'shiplock.yaml')];
    const whole = [
      'build.enabled=true,notify.enabled=true,archive.enabled=true,networkPolicy.enabled=true',
      'temporal.apiKey.secretName=key,temporal.tls.enabled=true,temporal.tls.secretName=tls',
      'temporal.tls.clientCertificate=true,temporal.tls.certificateAuthority=true,kubeconfig.secretName=clusters',
      'namespaces[0].features={revisions,adoption,istio,gateway,autoscaling,keda,argo,restart}',
    ];
    for (const sets of [[], whole, ['release.scaling.kind=hpa'], ['release.scaling.kind=keda']]) {
      const { ok, errors, text } = renderChart(helm, [...values, ...sets.flatMap((set) => ['--set', set])]);
      assert.ok(ok, errors);
      await admits(objectsOf(text), 7);
    }
  });

  it('run no pod that a namespace of the workers would refuse', async () => {
    const { api } = cluster;
    const namespace = namespaces.get('shiplock');
    const deployment = objectsOf(readFileSync(join(MANIFESTS, 'deployments.yaml'), 'utf8'))[0] as unknown as {
      readonly spec: { readonly template: { readonly metadata: object; readonly spec: object } };
    };
    const { metadata, spec } = deployment.spec.template;
    const pod = (changes: object) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { ...metadata, name: 'worker' },
      spec: { ...spec, serviceAccountName: 'default', ...changes },
    });
    const path = `/api/v1/namespaces/${namespace}/pods?dryRun=All`;
    const admitted = await api.send('POST', path, { body: pod({}) });
    assert.equal(admitted.status, 201, JSON.stringify(admitted.body));
    const refused = await api.send('POST', path, { body: pod({ securityContext: {} }) });
    assert.equal(refused.status, 403);
    assert.match(JSON.stringify(refused.body), /restricted/);
  });

  it("of Temporal's own chart are admitted with the values of infra/install", async (t: TestContext) => {
    if (helm === null) return t.skip('no helm: node infra/chart/render.ts builds one');
    if (!TEMPORAL_CHART) return t.skip("SHIPLOCK_TEMPORAL_CHART names no checkout of Temporal's chart");
    assert.ok(statSync(join(TEMPORAL_CHART, 'Chart.yaml')).isFile());
    const args = ['template', 'temporal', TEMPORAL_CHART, '-n', 'temporal', '-f', join(INSTALL, 'temporal.yaml')];
    const { status, stdout, stderr } = spawnSync(helm, args, { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    await admits(objectsOf(stdout), 15);
  });

  /** Server-side apply as a dry run: schema, defaults, validation, and admission, such as that of pods' security. */
  async function admits(objects: readonly ClusterObject[], atLeast: number): Promise<void> {
    let asked = 0;
    for (const object of objects) {
      const { apiVersion, kind, metadata } = object;
      if (!(await cluster.serves(apiVersion, kind))) continue;
      const namespace = metadata.namespace === undefined ? undefined : namespaces.get(metadata.namespace);
      assert.ok(metadata.namespace === undefined || namespace, `${kind} ${metadata.name}: ${metadata.namespace}`);
      const listed = await cluster.pathOf(apiVersion, kind);
      const there = namespace
        ? listed.replace(`/namespaces/${cluster.namespace}/`, `/namespaces/${namespace}/`)
        : listed;
      const body = namespace ? { ...object, metadata: { ...metadata, namespace } } : object;
      const path = `${there}/${metadata.name}?dryRun=All&fieldManager=test&fieldValidation=Strict&force=true`;
      const answer = await cluster.api.send('PATCH', path, { body, contentType: 'application/apply-patch+yaml' });
      assert.ok(answer.status < 300, `${kind} ${metadata.name}: ${answer.status} ${JSON.stringify(answer.body)}`);
      assert.equal(await cluster.get(apiVersion, kind, metadata.name), null, `${kind} ${metadata.name} was stored`);
      asked += 1;
    }
    assert.ok(asked >= atLeast, `only ${asked} manifests`);
  }
});

function objectsOf(text: string): readonly ClusterObject[] {
  return parseAllDocuments(text)
    .map((document) => document.toJS({ maxAliasCount: 10 }) as ClusterObject | null)
    .filter((object) => object !== null);
}

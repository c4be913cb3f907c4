import { LOOPBACK } from '../../local/stack/ports.ts';
import type { ClusterPaths } from '../home.ts';
import type { ProgramName } from '../programs/index.ts';
import { POD_RANGE } from '../protocol.ts';
import type { Credentials } from './credentials.ts';

export interface Ports {
  readonly etcd: number;
  readonly peer: number;
  readonly api: number;
  readonly kwok: number;
}

/** The controllers that releases and their tests depend on; each of the others would cost watches and writes. */
const CONTROLLERS = [
  'deployment-controller',
  'replicaset-controller',
  'statefulset-controller',
  'job-controller',
  'endpointslice-controller',
  'garbage-collector-controller',
  'namespace-controller',
  'serviceaccount-controller',
  'resourcequota-controller',
  'disruption-controller',
  'horizontal-pod-autoscaler-controller',
  'root-ca-certificate-publisher-controller',
  'ttl-after-finished-controller',
];

/** The arguments of each server. All of them listen on loopback alone. */
export function argumentsOf(
  name: ProgramName,
  { paths, ports, credentials }: { paths: ClusterPaths; ports: Ports; credentials: Credentials },
): readonly string[] {
  const etcd = `http://${LOOPBACK}:${ports.etcd}`;
  const client = ['--kubeconfig', paths.kubeconfig];
  // Tests are many at once, and nobody else uses this API server.
  const unhurried = ['--kube-api-qps=1000', '--kube-api-burst=2000'];
  switch (name) {
    case 'etcd': {
      const peer = `http://${LOOPBACK}:${ports.peer}`;
      return [
        ...[`--data-dir=${paths.etcd}`, '--unsafe-no-fsync', '--log-level=warn'],
        ...[`--listen-client-urls=${etcd}`, `--advertise-client-urls=${etcd}`],
        ...[`--listen-peer-urls=${peer}`, `--initial-advertise-peer-urls=${peer}`, `--initial-cluster=default=${peer}`],
      ];
    }
    case 'kube-apiserver':
      return [
        ...[`--etcd-servers=${etcd}`, `--bind-address=${LOOPBACK}`, `--secure-port=${ports.api}`],
        ...[`--advertise-address=${LOOPBACK}`, '--endpoint-reconciler-type=none', `--cert-dir=${paths.credentials}`],
        ...[`--token-auth-file=${credentials.tokens}`, '--authorization-mode=RBAC'],
        ...['--service-account-issuer=https://kubernetes.default.svc', '--service-cluster-ip-range=10.96.0.0/16'],
        `--service-account-key-file=${credentials.verifyingKey}`,
        `--service-account-signing-key-file=${credentials.signingKey}`,
        // It marks new nodes as not ready, and the controller that would take the mark away does not run.
        '--disable-admission-plugins=TaintNodesByCondition',
        '--profiling=false',
      ];
    case 'kube-controller-manager':
      return [
        ...[...client, ...unhurried, `--controllers=${CONTROLLERS.join(',')}`, '--leader-elect=false'],
        ...['--secure-port=0', '--horizontal-pod-autoscaler-sync-period=1s'],
      ];
    case 'kube-scheduler':
      return [...client, ...unhurried, '--leader-elect=false', '--secure-port=0'];
    case 'kwok':
      return [
        ...[...client, '-c', paths.stages, '--manage-all-nodes=true'],
        ...[`--cidr=${POD_RANGE.replace('.0.0/', '.0.1/')}`, '--node-ip=10.244.0.1', '--node-lease-duration-seconds=0'],
        `--server-address=${LOOPBACK}:${ports.kwok}`,
      ];
  }
}

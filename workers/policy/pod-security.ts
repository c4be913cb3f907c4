/**
 * What Kubernetes' Pod Security Standard "baseline" forbids of a pod (kubernetes.io/docs/concepts/security/
 * pod-security-standards): whatever would let it out of its container. A cluster may enforce the same, or more, itself.
 */
import type { JsonObject, JsonValue } from '../../src/plan/index.ts';

const CAPABILITIES = new Set([
  'AUDIT_WRITE',
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'MKNOD',
  'NET_BIND_SERVICE',
  'SETFCAP',
  'SETGID',
  'SETPCAP',
  'SETUID',
  'SYS_CHROOT',
]);
const SELINUX_TYPES = new Set(['', 'container_t', 'container_init_t', 'container_kvm_t', 'container_engine_t']);
const SYSCTLS = new Set([
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.ping_group_range',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_rmem',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.tcp_wmem',
]);
const APPARMOR = 'container.apparmor.security.beta.kubernetes.io/';

/**
 * Every field of a pod template that the standard forbids, with its value; empty where it stays within.
 *
 * @example baselineViolations({ spec: { hostNetwork: true, containers: [] } }) // ['hostNetwork is true']
 */
export function baselineViolations(template: JsonObject): string[] {
  const spec = mapAt(template, 'spec');
  const annotations = Object.entries(mapAt(mapAt(template, 'metadata'), 'annotations'));
  return [
    ...['hostNetwork', 'hostPID', 'hostIPC'].filter((field) => spec[field] === true).map((field) => `${field} is true`),
    ...listAt(spec, 'volumes')
      .filter(({ hostPath }) => hostPath != null)
      .map(({ name, hostPath }) => `the volume ${String(name)} is the hostPath ${String(mapOf(hostPath).path)}`),
    ...contextViolations('the pod', mapAt(spec, 'securityContext')),
    ...listAt(mapAt(spec, 'securityContext'), 'sysctls')
      .filter(({ name }) => !SYSCTLS.has(String(name)))
      .map(({ name }) => `the pod sets the sysctl ${String(name)}`),
    ...annotations
      .filter(([key, value]) => key.startsWith(APPARMOR) && !/^(runtime\/default|localhost\/.*)?$/.test(String(value)))
      .map(([key, value]) => `${key} is ${String(value)}`),
    ...['initContainers', 'containers', 'ephemeralContainers'].flatMap((field) =>
      listAt(spec, field).flatMap(containerViolations),
    ),
  ];
}

function containerViolations(container: JsonObject): string[] {
  const what = `the container ${String(container.name)}`;
  const context = mapAt(container, 'securityContext');
  const { procMount } = context;
  return [
    ...contextViolations(what, context),
    ...(context.privileged === true ? [`${what} is privileged`] : []),
    ...items(mapAt(context, 'capabilities').add)
      .filter((capability) => !CAPABILITIES.has(String(capability)))
      .map((capability) => `${what} adds the capability ${String(capability)}`),
    ...(procMount != null && procMount !== 'Default' ? [`${what} has the procMount ${String(procMount)}`] : []),
    ...listAt(container, 'ports')
      .filter(({ hostPort }) => hostPort != null && hostPort !== 0)
      .map(({ hostPort }) => `${what} has the hostPort ${String(hostPort)}`),
    ...handlersOf(container)
      .filter(([, host]) => host != null && host !== '')
      .map(([field, host]) => `${what} names the host ${String(host)} in its ${field}`),
  ];
}

/** Fields that a pod and its containers may both have. */
function contextViolations(what: string, context: JsonObject): string[] {
  const selinux = mapAt(context, 'seLinuxOptions');
  const types = [mapAt(context, 'seccompProfile').type, mapAt(context, 'appArmorProfile').type];
  return [
    ...(mapAt(context, 'windowsOptions').hostProcess === true ? [`${what} is a hostProcess`] : []),
    ...(types[0] === 'Unconfined' ? [`${what} has the seccompProfile Unconfined`] : []),
    ...(types[1] === 'Unconfined' ? [`${what} has the appArmorProfile Unconfined`] : []),
    ...(SELINUX_TYPES.has(String(selinux.type ?? '')) ? [] : [`${what} has the SELinux type ${String(selinux.type)}`]),
    ...['user', 'role']
      .filter((field) => (selinux[field] ?? '') !== '')
      .map((field) => `${what} sets the SELinux ${field}`),
  ];
}

/** The hosts that probes and hooks ask, which is their pod where they name none. */
function handlersOf(container: JsonObject): (readonly [string, JsonValue | undefined])[] {
  const lifecycle = mapAt(container, 'lifecycle');
  const handlers = [
    ...['livenessProbe', 'readinessProbe', 'startupProbe'].map((field) => [field, mapAt(container, field)] as const),
    ...['postStart', 'preStop'].map((field) => [field, mapAt(lifecycle, field)] as const),
  ];
  return handlers.flatMap(([field, handler]) =>
    ['httpGet', 'tcpSocket'].map((kind) => [field, mapAt(handler, kind).host] as const),
  );
}

const mapOf = (value: JsonValue | undefined): JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
const mapAt = (of: JsonObject, field: string): JsonObject => mapOf(of[field]);
const items = (value: JsonValue | undefined): readonly JsonValue[] => (Array.isArray(value) ? value : []);
const listAt = (of: JsonObject, field: string): JsonObject[] => items(of[field]).map(mapOf);

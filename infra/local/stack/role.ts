import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { replaceFile } from './files.ts';
import type { RevisionSpec } from './state.ts';

/**
 * `baseline`: a fresh copy of the stable version, for comparisons. `none`: neither side, for example the old version in
 * the window, or a new one that has no role yet.
 */
export type Role = 'stable' | 'canary' | 'baseline' | 'none';

/** Which revisions there are, and who has a role among them. */
interface Roles {
  readonly stable: string | null;
  readonly canary: string | null;
  readonly revisions: Readonly<Record<string, { readonly spec: Pick<RevisionSpec, 'baseline'> }>>;
}

export function roleOf(service: Roles, version: string): Role {
  if (service.revisions[version]?.spec.baseline) return 'baseline';
  if (service.stable === version) return 'stable';
  if (service.canary === version) return 'canary';
  return 'none';
}

/** What `DEPLOYMENT_TYPE` says at start: whatever starts beside a stable version is a candidate. */
export function deploymentType(service: Roles, version: string): Exclude<Role, 'none'> {
  const role = roleOf(service, version);
  if (role !== 'none') return role;
  return service.stable === null ? 'stable' : 'canary';
}

export function labelsFile(services: string, service: string, version: string): string {
  return join(services, service, version, 'labels');
}

/** Writes the labels as Kubernetes' downward API mounts them: one `key="value"` a line. */
export function writeLabels(file: string, labels: Readonly<Record<string, string>>): void {
  mkdirSync(dirname(file), { recursive: true });
  const lines = Object.entries(labels).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  replaceFile(file, `${lines.join('\n')}\n`);
}

import { join } from 'node:path';
import { replaceFile } from './files.ts';
import { LOOPBACK } from './ports.ts';
import type { Revision } from './revision.ts';
import { type Role, roleOf } from './role.ts';
import type { ServiceRecord } from './state.ts';

/** One group of Prometheus' file-based service discovery. */
export interface TargetGroup {
  readonly targets: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * What Prometheus scrapes of one revision. The label `service` is the name of the side, as the queries of Argo's
 * templates read it; a revision without a role has none, so it counts for neither side.
 */
export function targetsOf(options: {
  readonly service: string;
  readonly version: string;
  readonly role: Role;
  readonly stableService: string;
  readonly canaryService: string;
  /** Of a revision with the role `baseline`. */
  readonly baselineService?: string | undefined;
  readonly instances: readonly { readonly port: number; readonly index: number }[];
}): TargetGroup[] {
  const { service, version, role } = options;
  const side = {
    stable: options.stableService,
    canary: options.canaryService,
    baseline: options.baselineService ?? '',
    none: '',
  }[role];
  return options.instances.map(({ port, index }) => ({
    targets: [`${LOOPBACK}:${port}`],
    labels: {
      ...(side === '' ? {} : { service: side }),
      role,
      version,
      instance: `${service}-${version}-${index}`,
      shiplock_service: service,
    },
  }));
}

/** Writes the groups of all services when they differ from the last ones. */
export function targetWriter(directory: string): (groups: readonly TargetGroup[]) => void {
  let last = '';
  return (groups) => {
    const content = JSON.stringify(groups, null, 1);
    if (content === last) return;
    replaceFile(join(directory, 'instances.json'), content);
    last = content;
  };
}

export function serviceTargets(
  service: string,
  record: ServiceRecord,
  revisions: ReadonlyMap<string, Revision>,
): TargetGroup[] {
  return Object.entries(record.revisions).flatMap(([version, { spec }]) =>
    targetsOf({
      service,
      version,
      role: roleOf(record, version),
      stableService: spec.stableService,
      canaryService: spec.canaryService,
      baselineService: spec.baseline?.service,
      instances: revisions.get(version)?.targets() ?? [],
    }),
  );
}

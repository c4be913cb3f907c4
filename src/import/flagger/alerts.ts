import type { z } from 'zod';
import type { Path } from '../../plan/problem.ts';
import type { Ledger } from '../ledger.ts';
import { labelOf } from '../names.ts';
import type { alertSchema } from './canary-schema.ts';
import type { AlertProvider } from './template-schema.ts';

/** Webhooks of the policy that are told instead of Flagger's alert providers. */
export function alertsOf(
  alerts: readonly z.output<typeof alertSchema>[],
  at: Path,
  providers: ReadonlyMap<string, AlertProvider>,
  namespace: string,
  ledger: Ledger,
): string[] {
  return alerts.map(({ severity, providerRef }, index) => {
    const path = [...at, 'alerts', index];
    const name = labelOf(providerRef.name);
    const provider = providers.get(`${providerRef.namespace ?? namespace}/${providerRef.name}`);
    ledger.kept(path, `told as ${name}`);
    if (!severity) {
      ledger.differs(
        path,
        'has no severity: Flagger’s documentation says info, its code sends nothing. Here every change of phase is told',
      );
    } else if (severity !== 'info') {
      ledger.differs(
        path,
        `of severity ${severity}: every change of phase is told, not only warnings and errors; the receiver chooses by data.outcome`,
      );
    }
    const kind = provider?.spec.type ?? 'its receiver';
    ledger.todo(
      path,
      `name ${name} under "webhooks" of the worker's policy. It is sent signed CloudEvents, which ${kind} does not read as they are: put a receiver of yours between them`,
    );
    return name;
  });
}

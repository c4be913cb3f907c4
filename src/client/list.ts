import { RELEASE_WORKFLOW, SEARCH_ATTRIBUTES } from '../../workflows/messages.ts';
import { ShiplockError } from '../errors.ts';
import { type Execution, executionOf } from './execution.ts';
import { explain } from './faults.ts';
import { RPC_DEADLINE_MS, type Session, within } from './session.ts';

export interface ListOptions {
  readonly service?: string;
  readonly environment?: string;
  /** `true`: only those that go on; `false`: only those that have ended; default: both. */
  readonly open?: boolean;
  /** Newest first, at most this many. Default 50. */
  readonly limit?: number;
}

/**
 * Releases by search attributes, newest first. Visibility follows within about a second; it needs no worker.
 *
 * @example
 * const waiting = (await list(session, { environment: 'production', open: true })).filter((r) => r.waitingFor);
 */
export async function list(session: Session, options: ListOptions = {}): Promise<Execution[]> {
  const found: Execution[] = [];
  const limit = options.limit ?? 50;
  try {
    await within(session, RPC_DEADLINE_MS, async () => {
      const pages = session.client.workflow.list({
        query: visibilityQuery(options),
        pageSize: Math.min(limit, 1_000),
      });
      for await (const info of pages) {
        found.push(executionOf(info, info.raw.firstRunId || info.runId));
        if (found.length >= limit) break;
      }
    });
  } catch (error) {
    throw explain(error, session);
  }
  return found;
}

/** The filter in Temporal's list syntax. Names are DNS labels, so that nothing has to be quoted. */
export function visibilityQuery({ service, environment, open }: ListOptions): string {
  const terms = [`WorkflowType = '${RELEASE_WORKFLOW}'`];
  if (service) terms.push(`${SEARCH_ATTRIBUTES.service} = '${label('service', service)}'`);
  if (environment) terms.push(`${SEARCH_ATTRIBUTES.environment} = '${label('environment', environment)}'`);
  if (open === true) terms.push(`ExecutionStatus = 'Running'`);
  else if (open === false) terms.push(`ExecutionStatus != 'Running'`);
  // A run that was continued is not a release of its own.
  terms.push(`ExecutionStatus != 'ContinuedAsNew'`);
  return terms.join(' AND ');
}

function label(what: string, value: string): string {
  if (/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(value)) return value;
  throw new ShiplockError({
    code: 'SHIPLOCK_NAME_INVALID',
    message: `"${value}" is no ${what}: lower-case letters, digits and hyphens are expected`,
    mend: `name the ${what} as the release file does`,
  });
}

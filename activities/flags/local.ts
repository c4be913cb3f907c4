import { isDeepStrictEqual } from 'node:util';
import type { SupervisorClient } from '../../infra/local/client.ts';
import type { FlagDefinition, FlagStatus } from '../../infra/local/protocol.ts';
import { ShiplockError } from '../../src/errors.ts';
import { failure } from '../failure.ts';
import { askSupervisor } from '../workload/supervisor.ts';
import type {
  FlagActivities,
  FlagRequest,
  FlagState,
  FlagWritten,
  RestoreFlagRequest,
  SetFlagRequest,
} from './port.ts';
import { percentOf, rounded, whyNoRamp, withPercent, withTargeting } from './share.ts';

/** Somebody else may write between our look and our write; that often in a row is no coincidence. */
const ATTEMPTS = 5;

/**
 * Flags of the embedded flag service. The supervisor answers a write once the flag service says that it evaluates by
 * it. Only a flag's targeting is ever written.
 *
 * @example `const activities = { ...localFlags({ client: connectSupervisor() }) };`
 */
export function localFlags({ client }: { readonly client: SupervisorClient }): FlagActivities {
  const look = async ({ service, flag, variant }: FlagRequest): Promise<FlagStatus> => {
    const status = await askSupervisor(() => client.flag(service, flag)).catch((error: { type?: string }) => {
      throw error.type === 'SHIPLOCK_LOCAL_FLAG_UNKNOWN' ? unknown(`there is no flag ${flag}`) : error;
    });
    if (Object.hasOwn(status.definition.variants, variant)) return status;
    throw unknown(`flag ${flag} has no variant ${variant}, only ${Object.keys(status.definition.variants).join(', ')}`);
  };

  /** Looks, decides and writes, if nobody wrote in between; else once more. */
  const write = async (
    request: FlagRequest & { readonly fence: number; readonly key: string },
    decide: (now: FlagStatus) => FlagDefinition | 'drifted',
  ): Promise<FlagWritten> => {
    const { service, flag, variant, fence, key } = request;
    for (let attempt = 1; ; attempt++) {
      const now = await look(request);
      const definition = decide(now);
      if (definition === 'drifted') return { outcome: 'drifted', state: stateOf(now, variant) };
      const put = { definition, fence, key, ifRevision: now.revision };
      const written = await askSupervisor(() =>
        client.putFlag(service, flag, put).catch((error) => unlessChanged(error, attempt < ATTEMPTS)),
      );
      if (written) return { outcome: written.changed ? 'written' : 'unchanged', state: stateOf(written, variant) };
    }
  };

  return {
    describeFlag: async (request) => {
      const status = await look(request);
      const state = stateOf(status, request.variant);
      const because = whyNoRamp(status.definition, request.variant);
      if (because === '' || state.percent === 100) return state;
      throw unsuitable(request, because);
    },
    setFlag: (request) => write(request, (now) => wantedOf(now, request)),
    restoreFlag: (request) => write(request, (now) => restoredOf(now, request)),
  };
}

function wantedOf({ definition, revision }: FlagStatus, request: SetFlagRequest): FlagDefinition | 'drifted' {
  const { variant, percent, ifRevision } = request;
  if (percentOf(definition, variant) === rounded(percent)) return definition;
  if (revision !== ifRevision) return 'drifted';
  const because = whyNoRamp(definition, variant);
  if (because !== '') throw unsuitable(request, because);
  return withPercent(definition, variant, percent);
}

/** The targeting is this release's; what others changed beside it stays. */
function restoredOf({ definition }: FlagStatus, request: RestoreFlagRequest): FlagDefinition | 'drifted' {
  const before = JSON.parse(request.definition) as FlagDefinition;
  if (isDeepStrictEqual(definition.targeting, before.targeting)) return definition;
  const percent = percentOf(definition, request.variant);
  const isOurs = percent !== null && request.written.map(rounded).includes(percent);
  return isOurs ? withTargeting(definition, before.targeting) : 'drifted';
}

function stateOf({ definition, revision }: FlagStatus, variant: string): FlagState {
  return { percent: percentOf(definition, variant), revision, definition: JSON.stringify(definition) };
}

/** `null`: look again. */
function unlessChanged(error: unknown, again: boolean): null {
  if (again && error instanceof ShiplockError && error.code === 'SHIPLOCK_LOCAL_FLAG_CHANGED') return null;
  throw error;
}

function unknown(message: string) {
  const mend = 'create it: shiplock local flags set FILE, or correct the release file';
  return failure({ code: 'SHIPLOCK_FLAG_UNKNOWN', message, mend }, { retry: 'never' });
}

function unsuitable({ flag, variant }: FlagRequest, because: string) {
  const message = `flag ${flag} cannot be ramped to ${variant}: ${because}`;
  const mend = 'give it state ENABLED and another default variant: shiplock local flags set FILE';
  return failure({ code: 'SHIPLOCK_FLAG_UNSUITABLE', message, mend }, { retry: 'never' });
}

/** What an answer of an API server means. Pure: table-tested. */

export interface Attempted {
  readonly cluster: string;
  /** As RBAC names it: get, list, create, patch, update, delete. */
  readonly verb: string;
  /** `deployments.apps`, `pods`, with the subresource behind a slash. */
  readonly resource: string;
  readonly namespace: string;
  /** Absent for a list. */
  readonly name?: string;
}

export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly retryAfter: number | null;
  readonly text: string;
}

export interface Refusal {
  readonly code: RefusalCode;
  readonly message: string;
  readonly mend?: string;
  readonly retry: 'never' | 'later';
  readonly afterMs?: number;
}

export type RefusalCode =
  | 'SHIPLOCK_KUBERNETES_CREDENTIALS'
  | 'SHIPLOCK_KUBERNETES_FORBIDDEN'
  | 'SHIPLOCK_KUBERNETES_QUOTA'
  | 'SHIPLOCK_KUBERNETES_ADMISSION_DENIED'
  | 'SHIPLOCK_KUBERNETES_ADMISSION_SILENT'
  | 'SHIPLOCK_KUBERNETES_NO_SUCH_API'
  | 'SHIPLOCK_KUBERNETES_NOT_FOUND'
  | 'SHIPLOCK_KUBERNETES_CONFLICT'
  | 'SHIPLOCK_KUBERNETES_FIELD_OWNED'
  | 'SHIPLOCK_KUBERNETES_INVALID'
  | 'SHIPLOCK_KUBERNETES_BUSY'
  | 'SHIPLOCK_KUBERNETES_DISRUPTION_BUDGET'
  | 'SHIPLOCK_KUBERNETES_UNAVAILABLE'
  | 'SHIPLOCK_KUBERNETES_ANSWER';

/** `metav1.Status`, as far as it is read. */
interface Status {
  readonly kind?: string;
  readonly message?: string;
  readonly reason?: string;
  readonly details?: {
    readonly retryAfterSeconds?: number;
    readonly causes?: readonly { readonly reason?: string; readonly message?: string; readonly field?: string }[];
  };
}

const QUOTED_CHARACTERS = 500;

/**
 * The refusal that a status from 300 on means.
 *
 * Sources: apimachinery `api/errors/errors.go` (reasons), apiserver `admission/plugin/webhook/errors/statuserror.go`
 * (`admission webhook "x" denied the request`), `plugin/policy/validating/dispatcher.go` (`ValidatingAdmissionPolicy
 * 'x' with binding 'y' denied request`), kubernetes `quota/v1/admission` (`exceeded quota`), 1.37.
 */
export function refusalOf(answer: Answer, attempted: Attempted): Refusal {
  const status = statusOf(answer);
  const words = quoted(status?.message ?? answer.text) || `status ${answer.status}`;
  const at = `${attempted.verb} ${attempted.resource}${attempted.name ? ` ${attempted.name}` : ''}`;
  const where = `in namespace ${attempted.namespace} of cluster ${attempted.cluster}`;
  const said = `${at} ${where}: ${words}`;
  if (/\badmission webhook "[^"]*" denied the request|ValidatingAdmissionPolicy '[^']*'.* denied request/.test(words))
    return {
      code: 'SHIPLOCK_KUBERNETES_ADMISSION_DENIED',
      message: said,
      mend: 'change what is released, or the rule that denies it',
      retry: 'never',
    };
  if (/failed calling webhook/.test(words))
    return { code: 'SHIPLOCK_KUBERNETES_ADMISSION_SILENT', message: said, retry: 'later' };
  switch (answer.status) {
    case 401:
      return {
        code: 'SHIPLOCK_KUBERNETES_CREDENTIALS',
        message: `the API server does not know the worker: ${said}`,
        mend: `renew the credentials of cluster ${attempted.cluster}`,
        retry: 'later',
      };
    case 403:
      return forbidden(words, said, attempted);
    case 404:
      return missing(status, said, attempted);
    case 409:
      return conflict(status, said);
    case 400:
    case 413:
    case 415:
    case 422:
      return { code: 'SHIPLOCK_KUBERNETES_INVALID', message: said, retry: 'never' };
    case 429: {
      const budget = status?.details?.causes?.find(({ reason }) => reason === 'DisruptionBudget');
      if (budget) return forbiddenByBudget(budget.message, said);
      const seconds = status?.details?.retryAfterSeconds ?? answer.retryAfter;
      const wait = seconds ? { afterMs: 1_000 * Math.min(seconds, LONGEST_WAIT_SECONDS) } : {};
      return { code: 'SHIPLOCK_KUBERNETES_BUSY', message: said, retry: 'later', ...wait };
    }
    default:
      if (answer.status >= 500) return { code: 'SHIPLOCK_KUBERNETES_UNAVAILABLE', message: said, retry: 'later' };
      return { code: 'SHIPLOCK_KUBERNETES_ANSWER', message: `status ${answer.status} to ${said}`, retry: 'later' };
  }
}

/** The Eviction API, of a pod that its PodDisruptionBudget protects (kubernetes `pkg/registry/core/pod/storage/eviction.go`). */
function forbiddenByBudget(words: string | undefined, said: string): Refusal {
  const message = words ? `${said} (${quoted(words)})` : said;
  return { code: 'SHIPLOCK_KUBERNETES_DISRUPTION_BUDGET', message, retry: 'later' };
}

/** A server that asks for more is asked sooner: an abort must not wait for it. */
const LONGEST_WAIT_SECONDS = 30;

function forbidden(words: string, said: string, { verb, resource, namespace, cluster }: Attempted): Refusal {
  if (/exceeded quota|failed quota/.test(words))
    return {
      code: 'SHIPLOCK_KUBERNETES_QUOTA',
      message: said,
      mend: `free or raise the quota of namespace ${namespace}`,
      retry: 'later',
    };
  if (/is being terminated/.test(words))
    return {
      code: 'SHIPLOCK_KUBERNETES_NOT_FOUND',
      message: said,
      mend: 'wait until it is there again',
      retry: 'later',
    };
  return {
    code: 'SHIPLOCK_KUBERNETES_FORBIDDEN',
    message: `the worker may not ${verb} ${resource} in namespace ${namespace} of cluster ${cluster}: ${words}`,
    mend: 'grant it; `shiplock doctor --release FILE` lists all that a release needs',
    retry: 'never',
  };
}

/** Without a status that says NotFound there is no such path: the kind of object is not known there. */
function missing(status: Status | null, said: string, { resource, cluster }: Attempted): Refusal {
  if (status?.reason === 'NotFound' && status.details && 'name' in status.details)
    return { code: 'SHIPLOCK_KUBERNETES_NOT_FOUND', message: said, retry: 'later' };
  return {
    code: 'SHIPLOCK_KUBERNETES_NO_SUCH_API',
    message: `cluster ${cluster} does not serve ${resource}: ${said}`,
    mend: 'install its CustomResourceDefinition, or choose another traffic router',
    retry: 'never',
  };
}

function conflict(status: Status | null, said: string): Refusal {
  const owned = status?.details?.causes?.filter(({ reason }) => reason === 'FieldManagerConflict') ?? [];
  if (owned.length === 0) return { code: 'SHIPLOCK_KUBERNETES_CONFLICT', message: said, retry: 'later' };
  return {
    code: 'SHIPLOCK_KUBERNETES_FIELD_OWNED',
    message: `${said} (${owned.map(({ field, message }) => `${field}: ${message}`).join('; ')})`,
    mend: 'take the field out of what its other owner applies',
    retry: 'never',
  };
}

function statusOf({ contentType, text }: Answer): Status | null {
  if (!contentType.startsWith('application/json')) return null;
  try {
    const value = JSON.parse(text) as Status | null;
    return value?.kind === 'Status' ? value : null;
  } catch {
    return null;
  }
}

function quoted(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > QUOTED_CHARACTERS ? `${line.slice(0, QUOTED_CHARACTERS)}…` : line;
}

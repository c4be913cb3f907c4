import { isGrpcServiceError, ServiceError } from '@temporalio/client';
import { NamespaceNotFoundError, WorkflowNotFoundError } from '@temporalio/common';
import { ShiplockError } from '../errors.ts';
import type { Session } from './session.ts';

/** gRPC status codes that mean something to a person (grpc `status`). */
const GRPC = {
  CANCELLED: 1,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  PERMISSION_DENIED: 7,
  UNAVAILABLE: 14,
  UNAUTHENTICATED: 16,
};

type Where = Pick<Session, 'address' | 'namespace' | 'source'>;

/** Turns what Temporal's client threw into an error for people; what it does not know, it hands back as it came. */
export function explain(error: unknown, where: Where, id?: string): unknown {
  if (error instanceof ShiplockError) return error;
  if (error instanceof WorkflowNotFoundError && id) return releaseUnknown(id, where, error);
  if (error instanceof NamespaceNotFoundError) {
    return new ShiplockError({
      code: 'SHIPLOCK_NAMESPACE_UNKNOWN',
      message: `Temporal at ${where.address} has no namespace "${where.namespace}"`,
      mend: 'set TEMPORAL_NAMESPACE, or the profile’s namespace, to one that exists',
      cause: error,
    });
  }
  const status = grpcStatus(error);
  if (!status) return error;
  switch (status.code) {
    case GRPC.UNAVAILABLE:
    case GRPC.DEADLINE_EXCEEDED:
    case GRPC.CANCELLED:
      return unreachable(where, error);
    case GRPC.UNAUTHENTICATED:
    case GRPC.PERMISSION_DENIED:
      return new ShiplockError({
        code: 'SHIPLOCK_TEMPORAL_REFUSED',
        message: `Temporal at ${where.address} refused: ${status.details}`,
        mend: 'check the API key or the client certificate, and what they may do in this namespace',
        cause: error,
      });
    case GRPC.INVALID_ARGUMENT:
      return /search attribute/i.test(status.details) ? attributesMissing(where, status.details, error) : error;
    default:
      return error;
  }
}

/** Whether a call failed because nobody was there, so that asking again later makes sense. */
export function isUnreachable(error: unknown): boolean {
  if (error instanceof ShiplockError) return error.code === 'SHIPLOCK_TEMPORAL_UNREACHABLE';
  const code = grpcStatus(error)?.code;
  // The SDK's retries end a call whose deadline passes in between as cancelled, and so does the close of its connection.
  return code === GRPC.UNAVAILABLE || code === GRPC.DEADLINE_EXCEEDED || code === GRPC.CANCELLED;
}

export function unreachable(where: Where, cause: unknown): ShiplockError {
  return new ShiplockError({
    code: 'SHIPLOCK_TEMPORAL_UNREACHABLE',
    message: `Temporal does not answer at ${where.address} (${where.source})`,
    mend: 'start the embedded stack with `shiplock local up`, or set TEMPORAL_ADDRESS',
    cause,
  });
}

function releaseUnknown(id: string, where: Where, cause: unknown): ShiplockError {
  return new ShiplockError({
    code: 'SHIPLOCK_RELEASE_UNKNOWN',
    message: `there is no release ${id} in namespace "${where.namespace}" of ${where.address}`,
    mend: '`shiplock list` shows those that are known; an id reads environment/service',
    cause,
  });
}

function attributesMissing(where: Where, details: string, cause: unknown): ShiplockError {
  return new ShiplockError({
    code: 'SHIPLOCK_SEARCH_ATTRIBUTES_MISSING',
    message: `namespace "${where.namespace}" of ${where.address} lacks Shiplock’s search attributes: ${details}`,
    mend: 'start `shiplock worker` once: it registers them',
    cause,
  });
}

function grpcStatus(error: unknown): { code: number; details: string } | null {
  const source = error instanceof ServiceError ? error.cause : error;
  return isGrpcServiceError(source) ? { code: source.code, details: source.details } : null;
}

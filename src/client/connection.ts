import {
  Connection,
  type ConnectionOptions,
  defaultGrpcRetryOptions,
  makeGrpcRetryInterceptor,
} from '@temporalio/client';

type Interceptor = NonNullable<ConnectionOptions['interceptors']>[number];
type Call = Parameters<Interceptor>[0];
type Attempt = ReturnType<Parameters<Interceptor>[1]>;
type Listener = NonNullable<Parameters<Attempt['start']>[1]>;
type Metadata = Parameters<Attempt['start']>[0];

/** gRPC's `CANCELLED` (https://grpc.io/docs/guides/status-codes/), which the SDK does not try again. */
const CANCELLED = 1;
const CLOSED = 'the connection to Temporal was closed';

/**
 * A connection to Temporal whose `close` ends every call under way: each rejects as cancelled, and none of them holds
 * the process. The SDK's own lets them run on, and a call that it tries again after the close throws from a timer,
 * where nobody can catch it and the process ends with 1. A call that begins after the close rejects, as with the SDK's.
 *
 * Fails as `Connection.connect` does, and leaves nothing open then.
 *
 * @example
 * const connection = await openConnection({ address: '127.0.0.1:7233' });
 * await connection.close();
 */
export async function openConnection(options: ConnectionOptions): Promise<Connection> {
  const attempts = trackAttempts();
  const retry = makeGrpcRetryInterceptor(defaultGrpcRetryOptions());
  // The outer one retries, so that the inner one sees every attempt.
  const connection = Connection.lazy({ ...options, interceptors: [retry, attempts.interceptor] });
  const close = connection.close.bind(connection);
  connection.close = () => {
    attempts.cancel();
    return close();
  };
  try {
    await connection.ensureConnected();
    return connection;
  } catch (error) {
    await connection.close();
    throw error;
  }
}

/** Knows the attempts under way; once they are cancelled, a further attempt at a call ends before it begins. */
function trackAttempts(): { readonly interceptor: Interceptor; cancel(): void } {
  const underWay = new Set<Attempt>();
  const begun = new WeakSet<object>();
  let closed = false;
  const interceptor = (call: Call, next: (call: Call) => Attempt): Attempt => {
    if (closed && begun.has(call)) return cancelled();
    begun.add(call);
    const attempt = next(call);
    const start = attempt.start.bind(attempt);
    attempt.start = (metadata, listener) => {
      underWay.add(attempt);
      start(metadata, {
        onReceiveMetadata: (received) => listener?.onReceiveMetadata?.(received),
        onReceiveMessage: (message) => listener?.onReceiveMessage?.(message),
        onReceiveStatus: (status) => {
          underWay.delete(attempt);
          listener?.onReceiveStatus?.(status);
        },
      });
    };
    return attempt;
  };
  const cancel = (): void => {
    closed = true;
    for (const attempt of underWay) attempt.cancelWithStatus(CANCELLED, CLOSED);
  };
  // gRPC asks of what an interceptor returns no more than this interface; its type names its own class.
  return { interceptor: interceptor as unknown as Interceptor, cancel };
}

/** An attempt that is not made. */
function cancelled(): Attempt {
  const nothing = (): void => {};
  return {
    start(metadata: Metadata, listener?: Partial<Listener>) {
      process.nextTick(() => {
        listener?.onReceiveMessage?.(null);
        listener?.onReceiveStatus?.({ code: CANCELLED, details: CLOSED, metadata });
      });
    },
    cancelWithStatus: nothing,
    sendMessage: nothing,
    sendMessageWithContext: nothing,
    startRead: nothing,
    halfClose: nothing,
    getPeer: () => 'nobody',
    getAuthContext: () => null,
  };
}

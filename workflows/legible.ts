/**
 * Makes every message legible before the SDK reads it. The SDK fails the workflow task, again and again, on a payload
 * that is no JSON and on a signal's name with its own prefix, so anybody who may send signals could wedge a release.
 */
import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import type { WorkflowInterceptors } from '@temporalio/workflow';

/** `TEMPORAL_RESERVED_PREFIX` of @temporalio/common. */
const RESERVED = '__temporal_';

export function interceptors(): WorkflowInterceptors {
  return {
    internals: [
      {
        activate(input, next) {
          for (const { signalWorkflow: signal, initializeWorkflow: start } of input.activation.jobs ?? []) {
            if (signal) {
              signal.input = signal.input?.map(legible);
              if (signal.signalName?.startsWith(RESERVED)) signal.signalName = `reserved:${signal.signalName}`;
            }
            if (start) start.arguments = start.arguments?.map(legible);
          }
          next(input);
        },
      },
    ],
  };
}

/** What cannot be read is delivered as the text it is: refused like any other message, and shown. */
function legible(payload: Payload): Payload {
  try {
    defaultPayloadConverter.fromPayload(payload);
    return payload;
  } catch {
    return defaultPayloadConverter.toPayload(new TextDecoder().decode(payload.data ?? new Uint8Array()));
  }
}

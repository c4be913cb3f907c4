import { Context } from '@temporalio/activity';
import { failure } from '../failure.ts';
import { reason } from '../request.ts';
import { keyOf, signedMessage } from './cloud-event.ts';
import { deliver, type Received } from './deliver.ts';
import type { NotifyActivities, NotifyRequest } from './port.ts';
import { judge } from './verdict.ts';

/** A receiver of events, as the worker's policy has it. */
export interface Webhook {
  /** `https:`; `http:` only on a loopback address. */
  readonly url: string;
  /** The worker's variable that holds the secret: base64 of 24 to 64 bytes, as a rule after `whsec_`. */
  readonly secret: { readonly env: string };
}

export interface NotifyDependencies {
  readonly webhooks: Readonly<Record<string, Webhook>>;
  /** Where secrets are looked up, anew for each message; default the worker's own environment. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** For one attempt. Default 10 s. */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 10_000;

/**
 * Tells webhooks of a release's changes. The same event is sent under the same `webhook-id` however often it is tried.
 *
 * Fails for good with `SHIPLOCK_WEBHOOK_UNKNOWN`, `SHIPLOCK_WEBHOOK_SECRET` and `SHIPLOCK_WEBHOOK_REFUSED`; to be tried
 * again, not before the receiver's `Retry-After`, with `SHIPLOCK_WEBHOOK_FAILED`.
 *
 * @example createNotifyActivities({ webhooks: { deploys: { url: 'https://hooks.example/in', secret: { env: 'DEPLOYS' } } } })
 */
export function createNotifyActivities({
  webhooks,
  environment = process.env,
  timeoutMs = TIMEOUT_MS,
}: NotifyDependencies): NotifyActivities {
  return {
    async notify({ webhook: name, event }) {
      const webhook = knownWebhook(webhooks, name);
      const message = signedMessage(event, keyFor(name, webhook, environment), Math.floor(Date.now() / 1_000));
      const received = await attempt(name, webhook, message, timeoutMs);
      const delivery = judge(received, Date.now());
      switch (delivery.verdict) {
        case 'delivered':
          return { status: received.status };
        case 'later':
          throw failed(name, delivery.because, { afterMs: delivery.afterMs });
        case 'refused':
          throw failure(
            {
              code: 'SHIPLOCK_WEBHOOK_REFUSED',
              message: `the webhook "${name}" ${delivery.because}`,
              mend: 'correct its address or secret in the worker’s policy, or take it out of the release file',
            },
            { retry: 'never' },
          );
        default:
          return delivery satisfies never;
      }
    },
  };
}

function knownWebhook(webhooks: NotifyDependencies['webhooks'], name: NotifyRequest['webhook']): Webhook {
  const webhook = Object.hasOwn(webhooks, name) ? webhooks[name] : undefined;
  if (webhook) return webhook;
  throw failure(
    {
      code: 'SHIPLOCK_WEBHOOK_UNKNOWN',
      message: `the worker's policy knows no webhook "${name}"`,
      mend: 'name it under "webhooks" in the policy, with its url and secret',
    },
    { retry: 'never' },
  );
}

function keyFor(name: string, { secret }: Webhook, environment: NodeJS.ProcessEnv): Buffer {
  const value = environment[secret.env];
  const key = value ? keyOf(value) : null;
  if (key) return key;
  throw failure(
    {
      code: 'SHIPLOCK_WEBHOOK_SECRET',
      message: `the secret of the webhook "${name}", ${secret.env}, is ${value ? 'no base64 of 24 to 64 bytes' : 'not set on this worker'}`,
      mend: `set ${secret.env} to "whsec_" and the base64 of 32 random bytes, there and at the receiver`,
    },
    { retry: 'never' },
  );
}

async function attempt(
  name: string,
  { url }: Webhook,
  message: ReturnType<typeof signedMessage>,
  timeoutMs: number,
): Promise<Received> {
  const { cancellationSignal } = Context.current();
  const deadline = AbortSignal.timeout(timeoutMs);
  try {
    return await deliver(new URL(url), message, AbortSignal.any([deadline, cancellationSignal]));
  } catch (cause) {
    cancellationSignal.throwIfAborted();
    throw failed(
      name,
      deadline.aborted ? `has not answered within ${timeoutMs} ms` : `is not reached: ${reason(cause)}`,
    );
  }
}

function failed(name: string, because: string, { afterMs = null }: { afterMs?: number | null } = {}): Error {
  return failure(
    { code: 'SHIPLOCK_WEBHOOK_FAILED', message: `the webhook "${name}" ${because}` },
    { retry: 'later', ...(afterMs !== null && { afterMs }) },
  );
}

import { createHmac } from 'node:crypto';
import type { ReleaseEvent } from './port.ts';

/** A message as it goes out: the body is signed as these very bytes. */
export interface SignedMessage {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * A release's event as CloudEvents 1.0 in structured JSON, signed as Standard Webhooks says: HMAC-SHA256 over
 * `id.timestamp.body`. The receiver knows a message that it had before by its `webhook-id`.
 *
 * @param key of 24 to 64 bytes, see `keyOf`
 * @param atSeconds Unix time of this attempt; receivers refuse old ones
 */
export function signedMessage(event: ReleaseEvent, key: Buffer, atSeconds: number): SignedMessage {
  const body = JSON.stringify({
    specversion: '1.0',
    id: event.id,
    source: `/releases/${event.environment}/${event.service}`,
    type: `io.shiplock.release.${event.type}`,
    time: event.at,
    subject: event.version,
    datacontenttype: 'application/json',
    data: event,
  });
  const signature = createHmac('sha256', key).update(`${event.id}.${atSeconds}.${body}`).digest('base64');
  return {
    body,
    headers: {
      'content-type': 'application/cloudevents+json; charset=utf-8',
      'webhook-id': event.id,
      'webhook-timestamp': String(atSeconds),
      'webhook-signature': `v1,${signature}`,
    },
  };
}

/** The key of a Standard Webhooks secret: base64 of 24 to 64 bytes, `whsec_` before it or not; else `null`. */
export function keyOf(secret: string): Buffer | null {
  const encoded = secret.replace(/^whsec_/, '');
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(encoded)) return null;
  const key = Buffer.from(encoded, 'base64');
  return key.length >= 24 && key.length <= 64 ? key : null;
}

import { type Answer, answerTo, refusal } from '../answer.ts';
import type { Trigger } from '../configuration.ts';
import { type Allowance, allowance } from '../rate.ts';
import type { Begun, Wanted } from '../start.ts';
import { type Meaning, meaningOf } from './event.ts';
import { vouchedFor } from './signature.ts';

/** A delivery as it came: nothing of it is believed yet. */
export interface Incoming {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  /** Milliseconds since 1970. */
  readonly now: number;
}

export interface Received {
  readonly answer: Answer;
  /** For the log: names that are bounded and verified, no secrets. */
  readonly about: Readonly<Record<string, unknown>>;
}

/** Signed deliveries of one repository: a busy day has a handful an hour. */
const RATE = { burst: 20, perMinute: 20 };

/** Takes GitHub's deliveries: verifies, understands, and has `start` begin what they ask for. */
export function githubReceiver(
  triggers: readonly Trigger[],
  start: (wanted: Wanted) => Promise<Begun>,
): (incoming: Incoming) => Promise<Received> {
  const rates = new Map<string, Allowance>();
  const mayGoOn = ({ repository }: Trigger, now: number): boolean => {
    const rate = rates.get(repository) ?? allowance(RATE);
    rates.set(repository, rate);
    return rate.take(now);
  };

  return async ({ headers, body, now }) => {
    const vouched = await vouchedFor(triggers, body, one(headers['x-hub-signature-256']));
    if (vouched.length === 0) return { answer: UNSIGNED, about: {} };
    const event = one(headers['x-github-event']);
    const delivery = one(headers['x-github-delivery']);
    if (!event || !/^[a-z_]{1,64}$/.test(event)) return malformed('X-GitHub-Event is missing or no event', {});
    if (!delivery || !/^[0-9A-Za-z-]{8,64}$/.test(delivery)) {
      return malformed('X-GitHub-Delivery is missing or no id', { event });
    }
    const about = { event, delivery };
    if (!isJson(one(headers['content-type']))) return { answer: NOT_JSON, about };
    const payload = parse(body);
    if (payload === undefined) return malformed('the body is no JSON', about);
    const meaning = meaningOf({ event, payload, vouched, triggers, now });
    if (meaning.verdict !== 'start')
      return { answer: withoutStart(meaning), about: { ...about, because: meaning.because } };
    const { trigger, version } = meaning;
    const known = { ...about, repository: trigger.repository, version };
    if (!mayGoOn(trigger, now)) return { answer: TOO_MANY, about: known };
    try {
      const begun = await start({ trigger, version, delivery, body });
      return { answer: { status: 202, body: { ok: true, ...begun } }, about: { ...known, ...begun } };
    } catch (error) {
      return {
        answer: answerTo(error),
        about: { ...known, because: error instanceof Error ? error.message : String(error) },
      };
    }
  };
}

function withoutStart({ verdict, because }: Exclude<Meaning, { verdict: 'start' }>): Answer {
  switch (verdict) {
    case 'ignored':
      return { status: 200, body: { ok: true, ignored: because } };
    case 'malformed':
      return refusal(400, 'SHIPLOCK_TRIGGER_MALFORMED', because, MALFORMED);
    case 'unsigned':
      return refusal(401, 'SHIPLOCK_TRIGGER_SIGNATURE', because, SIGN);
    case 'stale':
      return refusal(422, 'SHIPLOCK_TRIGGER_STALE', because, 'start it by hand with `shiplock start`, or raise maxAge');
    default:
      return verdict satisfies never;
  }
}

const SIGN = 'give the webhook the secret that this server knows, and content type application/json';
const MALFORMED = 'point a webhook of GitHub here, content type application/json';
const UNSIGNED = refusal(401, 'SHIPLOCK_TRIGGER_SIGNATURE', 'X-Hub-Signature-256 is missing or wrong', SIGN);
const NOT_JSON = refusal(415, 'SHIPLOCK_TRIGGER_MALFORMED', 'the content type is not application/json', MALFORMED);
const TOO_MANY = refusal(
  429,
  'SHIPLOCK_TRIGGER_OVERLOADED',
  `more than ${RATE.perMinute} deliveries a minute of one repository start releases`,
  'redeliver it in a minute',
  { 'retry-after': '60' },
);

function malformed(because: string, about: Received['about']): Received {
  return { answer: refusal(400, 'SHIPLOCK_TRIGGER_MALFORMED', because, MALFORMED), about: { ...about, because } };
}

/** A header that came once; Node joins most repetitions with commas, which no pattern here lets through. */
function one(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? undefined : header;
}

function isJson(type: string | undefined): boolean {
  return /^application\/json\s*(;|$)/i.test(type ?? '');
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}

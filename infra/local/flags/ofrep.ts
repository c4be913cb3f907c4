import { revisionOfText } from './definitions.ts';
import type { Context, Evaluator } from './evaluate.ts';

export interface OfrepRequest {
  readonly method: string;
  readonly path: string;
  readonly body: string;
  readonly ifNoneMatch: string | undefined;
}

export interface OfrepAnswer {
  readonly status: number;
  /** `null`: without one. */
  readonly body: unknown;
  readonly etag?: string;
}

const PREFIX = '/ofrep/v1/evaluate/flags';

/**
 * The OpenFeature Remote Evaluation Protocol: `POST …/flags/{key}`, and `POST …/flags` for all of them, with an ETag.
 *
 * @see https://github.com/open-feature/protocol/blob/main/service/openapi.yaml
 */
export function answerOfrep(evaluator: Evaluator, request: OfrepRequest): OfrepAnswer {
  const key = keyOf(request.path);
  if (key === null) return { status: 404, body: { errorDetails: `there is no ${request.path}` } };
  if (request.method !== 'POST') return { status: 405, body: { errorDetails: 'only POST is understood' } };
  const context = contextOf(request.body);
  if (typeof context === 'string') return refused(key, context);
  return key === '' ? bulk(evaluator, context, request.ifNoneMatch) : single(evaluator, key, context);
}

function single(evaluator: Evaluator, key: string, context: Context): OfrepAnswer {
  const evaluation = evaluator.evaluate(key, context);
  if ('value' in evaluation) return { status: 200, body: evaluation };
  return { status: evaluation.errorCode === 'FLAG_NOT_FOUND' ? 404 : 400, body: evaluation };
}

function bulk(evaluator: Evaluator, context: Context, ifNoneMatch: string | undefined): OfrepAnswer {
  const all = evaluator.keys().map((key) => evaluator.evaluate(key, context));
  // A disabled flag is none.
  const flags = all.filter((flag) => 'value' in flag || flag.errorCode !== 'FLAG_NOT_FOUND');
  const etag = `"${revisionOfText(JSON.stringify(flags))}"`;
  return ifNoneMatch === etag ? { status: 304, body: null, etag } : { status: 200, body: { flags }, etag };
}

type ContextProblem = 'PARSE_ERROR' | 'INVALID_CONTEXT';

const PROBLEMS: Readonly<Record<ContextProblem, string>> = {
  PARSE_ERROR: 'the request is not JSON',
  INVALID_CONTEXT: 'the context is not an object whose targetingKey is a string',
};

function refused(key: string, errorCode: ContextProblem): OfrepAnswer {
  return { status: 400, body: { ...(key && { key }), errorCode, errorDetails: PROBLEMS[errorCode] } };
}

/** `''` for all flags, `null` for another path. */
function keyOf(path: string): string | null {
  if (path === PREFIX) return '';
  if (!path.startsWith(`${PREFIX}/`)) return null;
  try {
    return decodeURIComponent(path.slice(PREFIX.length + 1));
  } catch {
    return null;
  }
}

function contextOf(body: string): Context | ContextProblem {
  try {
    const { context = {} } = JSON.parse(body || '{}') ?? {};
    const plain = typeof context === 'object' && context !== null && !Array.isArray(context);
    if (!plain || !['string', 'undefined'].includes(typeof context.targetingKey)) return 'INVALID_CONTEXT';
    return context;
  } catch {
    return 'PARSE_ERROR';
  }
}

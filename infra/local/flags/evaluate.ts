import type { EvaluationContext } from '@openfeature/core';
import { MemoryStorage } from '@openfeature/flagd-core';

/** What OFREP calls a success: https://github.com/open-feature/protocol/blob/main/service/openapi.yaml */
export interface Evaluation {
  readonly key: string;
  readonly value: unknown;
  readonly variant: string;
  readonly reason: string;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** Whoever asked goes on with the default of its code. */
export interface NoEvaluation {
  readonly key: string;
  readonly errorCode: 'FLAG_NOT_FOUND' | 'PARSE_ERROR' | 'GENERAL';
  readonly errorDetails: string;
}

export type Context = EvaluationContext;

/** Flags as flagd evaluates them. */
export interface Evaluator {
  /**
   * Takes a definitions file as the new truth; keeps the last one when it cannot.
   *
   * @throws Error in words, when the file is none of flagd's (https://flagd.dev/schema/v0/flags.json).
   */
  load(text: string): void;
  keys(): string[];
  evaluate(key: string, context: Context): Evaluation | NoEvaluation;
}

const silent = { error: quiet, warn: quiet, info: quiet, debug: quiet };
function quiet(): void {}

export function openEvaluator(): Evaluator {
  // Definitions are data: none of them is compiled into code.
  const storage = new MemoryStorage(silent, { disableDynamicCodeGeneration: true });
  return {
    load: (text) => {
      try {
        storage.setConfigurations(text, true);
      } catch (error) {
        throw new Error(inWords(error as Error));
      }
    },
    keys: () => [...storage.getFlags().keys()],
    evaluate: (key, context) => {
      const flag = storage.getFlag(key);
      if (!flag) return { key, errorCode: 'FLAG_NOT_FOUND', errorDetails: `there is no flag ${key}` };
      // As flagd answers it: for its callers a disabled flag is none.
      if (flag.state === 'DISABLED') {
        return { key, errorCode: 'FLAG_NOT_FOUND', errorDetails: `flag ${key} is disabled` };
      }
      const { value, variant, reason, errorCode, errorMessage = '', flagMetadata } = flag.evaluate(context);
      if (errorCode) {
        return { key, errorCode: errorCode === 'PARSE_ERROR' ? errorCode : 'GENERAL', errorDetails: errorMessage };
      }
      if (value === undefined || variant === undefined) {
        return { key, errorCode: 'FLAG_NOT_FOUND', errorDetails: `flag ${key} has no default variant` };
      }
      return { key, value, variant, reason, metadata: flagMetadata };
    },
  };
}

interface SchemaError {
  readonly instancePath: string;
  readonly message?: string;
}

const ERRORS_SHOWN = 3;

/** The library tells of a schema's errors as JSON, and of others in their cause. */
function inWords(error: Error): string {
  const list = error.message.indexOf('[');
  if (list < 0) return error.cause instanceof Error ? error.cause.message : error.message;
  const errors = JSON.parse(error.message.slice(list)) as SchemaError[];
  const lines = errors.map(({ instancePath, message = 'is wrong' }) => `${instancePath || 'the file'} ${message}`);
  return [...new Set(lines)].slice(0, ERRORS_SHOWN).join('; ');
}

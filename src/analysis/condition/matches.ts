import { findMatch } from './pattern.ts';
import { LIMITS } from './syntax.ts';

/**
 * Whether a pattern (RE2's syntax, not anchored, as Go's `regexp.MatchString`) occurs in a text, or why it is none.
 *
 * @example matchesPattern('^test-.*', 'test-latency') // { ok: true, matches: true }
 */
export function matchesPattern(
  pattern: string,
  text: string,
): { readonly ok: true; readonly matches: boolean } | { readonly ok: false; readonly message: string } {
  try {
    return { ok: true, matches: findMatch(pattern, text, { steps: LIMITS.steps, at: 0, metNaN: false }) };
  } catch (error) {
    return { ok: false, message: error instanceof Error ? error.message : String(error) };
  }
}

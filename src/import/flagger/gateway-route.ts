/** Flagger's matches and filters, which are written in Istio's words, as those of an HTTPRoute (`pkg/router/gateway_api.go`). */
import { valueAt } from '../../plan/shape/check.ts';
import type { Ledger } from '../ledger.ts';
import type { CanaryService } from './canary-schema.ts';

const PATHS = { regex: 'RegularExpression', exact: 'Exact', prefix: 'PathPrefix' } as const;
const TEXTS = { exact: 'Exact', regex: 'RegularExpression' } as const;
const EVERYTHING = [{ path: { type: 'PathPrefix', value: '/' } }];

/** Matches, filters and timeouts of the one rule. */
export function gatewayRules(service: CanaryService, ledger: Ledger): object {
  const { match, timeout, backendTimeout } = service;
  const matches = (match ?? [])
    .map((one, index) => matchOf(one, index, ledger))
    .filter((one) => Object.keys(one).length > 0);
  const filters = filtersOf(service, ledger);
  const timeouts = {
    ...(timeout ? { request: timeout } : {}),
    ...(backendTimeout ? { backendRequest: backendTimeout } : {}),
  };
  return {
    matches: matches.length > 0 ? matches : EVERYTHING,
    ...(filters.length > 0 ? { filters } : {}),
    ...(Object.keys(timeouts).length > 0 ? { timeouts } : {}),
  };
}

function matchOf(match: object, index: number, ledger: Ledger): object {
  const at = ['spec', 'service', 'match', index];
  const refuse = (field: string) =>
    ledger.refuse([...at, field], 'has no counterpart in an HTTPRoute; Flagger refuses it, too');
  for (const field of Object.keys(match)) {
    if (!['uri', 'method', 'headers', 'queryParams', 'name'].includes(field)) {
      ledger.unneeded([...at, field], 'only of Istio; Flagger does not write it into an HTTPRoute either');
    }
  }
  const uri = typed(valueAt(match, ['uri']), PATHS);
  const method = valueAt(match, ['method', 'exact']);
  if (valueAt(match, ['uri']) !== undefined && uri === null) refuse('uri');
  if (valueAt(match, ['method']) !== undefined && typeof method !== 'string') refuse('method');
  const named = (field: 'headers' | 'queryParams') =>
    Object.entries(mapOf(valueAt(match, [field]))).flatMap(([name, value]) => {
      const found = typed(value, TEXTS);
      if (found === null) refuse(field);
      return found === null ? [] : [{ name, ...found }];
    });
  const headers = named('headers');
  const queryParams = named('queryParams');
  return {
    ...(uri === null ? {} : { path: uri }),
    ...(typeof method === 'string' ? { method } : {}),
    ...(headers.length > 0 ? { headers } : {}),
    ...(queryParams.length > 0 ? { queryParams } : {}),
  };
}

function typed(value: unknown, types: Readonly<Record<string, string>>): { type: string; value: string } | null {
  for (const [kind, type] of Object.entries(types)) {
    const text = valueAt(value, [kind]);
    if (typeof text === 'string' && text !== '') return { type, value: text };
  }
  return null;
}

function filtersOf({ headers, rewrite, mirror, corsPolicy }: CanaryService, ledger: Ledger): object[] {
  const filters: object[] = [];
  const modifier = (side: 'request' | 'response', type: string, field: string) => {
    const of = mapOf(valueAt(headers, [side]));
    if (Object.keys(of).length === 0) return;
    const list = (name: string) =>
      Object.entries(mapOf(of[name])).map(([key, value]) => ({ name: key, value: String(value) }));
    const parts = { add: list('add'), set: list('set'), remove: Array.isArray(of.remove) ? of.remove : [] };
    const given = Object.fromEntries(Object.entries(parts).filter(([, items]) => items.length > 0));
    filters.push({ type, [field]: given });
  };
  modifier('request', 'RequestHeaderModifier', 'requestHeaderModifier');
  modifier('response', 'ResponseHeaderModifier', 'responseHeaderModifier');
  if (rewrite != null) {
    const whole = rewrite.type !== 'ReplacePrefixMatch';
    const path = whole
      ? { type: 'ReplaceFullPath', replaceFullPath: rewrite.uri }
      : { type: 'ReplacePrefixMatch', replacePrefixMatch: rewrite.uri };
    filters.push({
      type: 'URLRewrite',
      urlRewrite: { ...(rewrite.authority ? { hostname: rewrite.authority } : {}), ...(rewrite.uri ? { path } : {}) },
    });
  }
  for (const one of mirror ?? []) filters.push({ type: 'RequestMirror', requestMirror: one });
  if (corsPolicy != null) {
    const text = 'write a CORS filter into the HTTPRoute by hand: its words differ from Istio’s, which these are';
    ledger.todo(['spec', 'service', 'corsPolicy'], text);
  }
  return filters;
}

const mapOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};

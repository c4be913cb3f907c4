import path from 'node:path';
import { isHttpAddress } from '../argo/providers/index.ts';
import type { Gate, WebGate } from '../plan.ts';
import type { Path } from '../problem.ts';
import { piece, valueAt } from '../shape/check.ts';
import { show } from '../shape/show.ts';
import type { Context } from './context.ts';
import { gateSchema } from './schema.ts';

const WEB = { requestTimeoutMs: 10_000, retries: 0, intervalMs: 10_000 } as const;
const TIMEOUT_MS = 10 * 60_000;

export function compileGates(context: Context): Gate[] {
  const list = valueAt(context.source.value, ['gates']);
  const gates: Gate[] = [];
  for (const [index, raw] of (Array.isArray(list) ? list : []).entries()) {
    const gate = compileGate(raw, context, ['gates', index]);
    if (gate === undefined) continue;
    if (gates.some((other) => other.name === gate.name)) {
      const message = `a second gate is named ${gate.name}; names must differ`;
      context.report.error(context.source, ['gates', index, 'name'], 'SHIPLOCK_PLAN_DUPLICATE', message);
    }
    gates.push(gate);
  }
  return gates;
}

function compileGate(raw: unknown, context: Context, at: Path): Gate | undefined {
  const gate = piece(gateSchema, raw);
  if (gate === undefined) return undefined;
  const base = {
    name: gate.name,
    directory: path.resolve(context.directory, gate.directory ?? '.'),
    timeoutMs: gate.timeout ?? TIMEOUT_MS,
  };
  if (gate.coverage !== undefined) {
    return { ...base, kind: 'coverage', report: gate.coverage.report, minimumPercent: gate.coverage.minimum };
  }
  if (gate.audit !== undefined) {
    const { command, report, level } = gate.audit;
    const input = command === undefined ? { report } : { command };
    return { ...base, kind: 'audit', ...input, level: level ?? 'moderate' };
  }
  if (gate.web !== undefined) return { ...base, ...compileWeb(gate.web, context, at) };
  return gate.command === undefined ? undefined : { ...base, kind: 'command', command: gate.command };
}

type WrittenWeb = NonNullable<NonNullable<ReturnType<typeof gateSchema.safeParse>['data']>['web']>;

function compileWeb(
  web: WrittenWeb,
  { source, report, version }: Context,
  at: Path,
): Omit<WebGate, 'name' | 'directory' | 'timeoutMs'> {
  const refuse = (field: string, message: string) =>
    report.error(source, [...at, 'web', field], 'SHIPLOCK_PLAN_VALUE', message);
  if (!isHttpAddress(web.url)) {
    refuse(
      'url',
      `is ${show(web.url)}; expected an http(s) address without credentials, for example https://gate.example/allowed`,
    );
  }
  const body = web.body?.replaceAll('{{version}}', JSON.stringify(version).slice(1, -1));
  if (body !== undefined && !isJson(body)) refuse('body', 'is no JSON');
  return {
    kind: 'web',
    url: web.url,
    ...(body === undefined ? {} : { body }),
    requestTimeoutMs: web.timeout ?? WEB.requestTimeoutMs,
    retries: web.retries ?? WEB.retries,
    intervalMs: web.interval ?? WEB.intervalMs,
    ...(web.insecure ? { insecure: true } : {}),
  };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

import path from 'node:path';
import type { Gate } from '../plan.ts';
import { piece, valueAt } from '../shape/check.ts';
import type { Context } from './context.ts';
import { gateSchema } from './schema.ts';

const TIMEOUT_MS = 10 * 60_000;

export function compileGates(context: Context): Gate[] {
  const list = valueAt(context.source.value, ['gates']);
  const gates: Gate[] = [];
  for (const [index, raw] of (Array.isArray(list) ? list : []).entries()) {
    const gate = compileGate(raw, context);
    if (gate === undefined) continue;
    if (gates.some((other) => other.name === gate.name)) {
      const message = `a second gate is named ${gate.name}; names must differ`;
      context.report.error(context.source, ['gates', index, 'name'], 'SHIPLOCK_PLAN_DUPLICATE', message);
    }
    gates.push(gate);
  }
  return gates;
}

function compileGate(raw: unknown, context: Context): Gate | undefined {
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
  return gate.command === undefined ? undefined : { ...base, kind: 'command', command: gate.command };
}

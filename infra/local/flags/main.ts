import { parseArgs } from 'node:util';
import { serveFlags } from './serve.ts';

const { values } = parseArgs({ options: { file: { type: 'string' }, port: { type: 'string' } } });
if (!values.file || !values.port) throw new Error('usage: main --file <definitions> --port <number>');
try {
  await serveFlags({ file: values.file, port: Number(values.port) });
} catch (error) {
  console.error(`the flag service cannot start: ${(error as Error).message}`);
  process.exit(1);
}
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(0));

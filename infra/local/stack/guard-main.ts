import { parseArgs } from 'node:util';
import { runGuard } from './guard.ts';
import { runOwn } from './own.ts';

const { values } = parseArgs({ options: { home: { type: 'string' } } });
await runOwn(() => runGuard({ home: values.home ?? process.cwd() }));

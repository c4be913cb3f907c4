import { parseArgs } from 'node:util';
import { runGuard } from './guard.ts';

const { values } = parseArgs({ options: { home: { type: 'string' } } });
await runGuard({ home: values.home ?? process.cwd() });
process.exit(0);

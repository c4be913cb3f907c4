import { parseArgs } from 'node:util';
import { runOwn } from './own.ts';
import { runSupervisor } from './supervisor.ts';

const { values } = parseArgs({ options: { home: { type: 'string' }, up: { type: 'boolean', default: false } } });
await runOwn(() => runSupervisor({ home: values.home ?? process.cwd(), up: values.up }));

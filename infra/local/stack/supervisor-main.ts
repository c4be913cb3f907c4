import { parseArgs } from 'node:util';
import { runSupervisor } from './supervisor.ts';

const { values } = parseArgs({ options: { home: { type: 'string' }, up: { type: 'boolean', default: false } } });
await runSupervisor({ home: values.home ?? process.cwd(), up: values.up });
process.exit(0);

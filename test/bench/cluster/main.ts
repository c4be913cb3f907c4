/**
 * `npm run bench:cluster`: how fast a canary's traffic goes back and on, what a release asks of the API server, and what
 * a worker holds, beside plain writes and Argo's own controller on the same cluster in the same run. Prints the tables
 * and, as its last line, JSON. `--rounds N` of updates that are aborted (default 15), `--releases N` open at a time
 * (default 500), `--docs` writes the tables of `docs/kubernetes.md`; `--context NAME` measures on a cluster of yours.
 */
import { join } from 'node:path';
import { obtainController, onOurs, onYours, told } from '../../cluster/on-cluster.ts';
import { optionsOf } from './options.ts';

const args = process.argv.slice(2);
const measure = [process.execPath, join(import.meta.dirname, 'measure.ts'), ...args];
try {
  const { context } = optionsOf(args);
  await obtainController();
  process.exitCode = context === undefined ? await onOurs(measure) : await onYours(context, measure);
} catch (error) {
  process.exitCode = told(error);
}

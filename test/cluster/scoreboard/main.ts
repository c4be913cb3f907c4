/** npm run scoreboard: writes `test/cluster/scoreboard.md` from the results of the last `npm run test:cluster`. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { counted, linesOf, scoreboard } from './page.ts';
import { readResults } from './results.ts';

const results = readResults();
writeFileSync(join(import.meta.dirname, '../scoreboard.md'), scoreboard(results));
const { passed, failed, open, 'not applicable': never } = counted(linesOf(results));
console.log(`scoreboard: ${passed} passed, ${failed} failed, ${open} open, ${never} not applicable`);

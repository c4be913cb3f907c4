/** npm run scoreboard: writes `test/cluster/scoreboard.md` from what the last tests of `npm run test:cluster` came to. */
import { writeScoreboard } from './write.ts';

console.log(writeScoreboard());

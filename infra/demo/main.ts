/**
 * `npm run demo`: a good release goes through all phases, a bad one goes back by itself, and one whose flag is bad is
 * released without it, under steady traffic that is counted from outside. `--interactive` stops for approval in the UI; `--keep` leaves the stack up.
 */
import { parseArgs } from 'node:util';
import { BAD, BAD_FLAG, type Played, play, say, settleIn } from './play.ts';
import { openStage } from './stage.ts';

const { values } = parseArgs({ options: { interactive: { type: 'boolean' }, keep: { type: 'boolean' } } });
const began = Date.now();

say('the stack: Temporal with its UI, Envoy, Prometheus, and a worker');
const stage = await openStage();
try {
  console.log(`  UI ${stage.stack.servers.temporal.ui}`);
  stage.setFaults('1.2.0', BAD);
  stage.setFaults('1.3.0', BAD_FLAG);
  const traffic = await settleIn(stage);
  say('1.1.0, a good build: a migration, the canary, the switch, a flag, the checklist, the contract');
  const good = await play(stage, traffic, { version: '1.1.0', expected: 0, interactive: values.interactive });
  say('1.2.0, a bad build: one request in five fails, one in two is slow');
  const bad = await play(stage, traffic, { version: '1.2.0', expected: 3 });
  say("1.2.0 again, with Argo's thresholds alone: how much later are they?");
  const late = await play(stage, traffic, { version: '1.2.0', expected: 3, file: stage.thresholdFile });
  say('1.3.0, a good build with a bad flag: the flag goes back, the version stays');
  const part = await play(stage, traffic, { version: '1.3.0', expected: 6 });
  await traffic.stop();
  say('what the load generator counted, from the version header of each answer');
  console.log(`\n${good.summary}\n\n${bad.summary}\n\n${late.summary}\n\n${part.summary}\n\n${good.checklist}\n`);
  console.log(caught(bad, late));
  console.log(`the whole demo: ${((Date.now() - began) / 1_000).toFixed(0)} s`);
  if (values.keep) {
    const home = `SHIPLOCK_HOME=${stage.folder}/home`;
    const worker = `${home} SHIPLOCK_STATE=${stage.folder}/state npx --no-install shiplock worker --policy ${stage.folder}/policy.yaml`;
    console.log(
      `\nkept; a worker answers for its pages:\n  ${worker}\nto end it:\n  ${home} npx --no-install shiplock local down`,
    );
  } else console.log('the stack ends now, and with it these pages; `npm run demo -- --keep` leaves them to look at');
} finally {
  await stage.close({ keep: values.keep });
}
process.exit(0);

/** The bad build was worse than the stable side long before it was worse than a threshold allows for so long. */
function caught(byComparison: Played, byThreshold: Played): string {
  const [sooner, later] = [byComparison.caughtAfter, byThreshold.caughtAfter];
  if (sooner === null || later === null) throw new Error('the bad build answered nothing badly, or was not caught');
  if (sooner >= later) throw new Error(`the comparison took ${sooner} s, the thresholds ${later} s`);
  return `1.2.0, from its first bad answer to the verdict: by comparison ${sooner.toFixed(1)} s, by threshold ${later.toFixed(1)} s`;
}

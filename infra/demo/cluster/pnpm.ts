/**
 * Stands for `pnpm` where CredLink's API is checked out: its test, build and audit are those of the sample service. The
 * reports are written where CredLink's are; the audit report is a recorded one, and says so.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const [command] = process.argv.slice(2);
const service = join(import.meta.dirname, '../../sample-service');

switch (command) {
  case 'test':
    test();
    break;
  case 'build':
    run(['--run', 'build']);
    break;
  case 'audit':
    process.stdout.write(readFileSync(join(service, 'audit-report.json')));
    break;
  default:
    console.error(`pnpm ${command}: not stood in for`);
    process.exit(2);
}

/** Without the tests that measure time: the machine is busy with a release. The lines as Istanbul's json-summary has them. */
function test(): void {
  const folder = resolve('coverage');
  mkdirSync(folder, { recursive: true });
  const report = join(folder, 'lcov.info');
  const reporters = ['--test-reporter=spec', '--test-reporter-destination=stdout'];
  const coverage = ['--experimental-test-coverage', '--test-coverage-include=*.ts', '--test-reporter=lcov'];
  const files = ['test/app.test.ts', 'test/faults.test.ts'];
  run(['--test', ...reporters, ...coverage, `--test-reporter-destination=${report}`, ...files]);
  const lines = readFileSync(report, 'utf8').split('\n');
  const sum = (key: string) =>
    lines.filter((line) => line.startsWith(key)).reduce((total, line) => total + Number(line.slice(key.length)), 0);
  const [total, covered] = [sum('LF:'), sum('LH:')];
  const summary = { total: { lines: { total, covered, skipped: 0, pct: (100 * covered) / total } } };
  writeFileSync(join(folder, 'coverage-summary.json'), JSON.stringify(summary));
}

function run(args: readonly string[]): void {
  const { status } = spawnSync(process.execPath, args, { cwd: service, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

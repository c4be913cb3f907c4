import type { CommandModule } from './invocation.ts';

export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  /** Loaded only when the command is the one called. */
  load(): Promise<CommandModule>;
}

/** Every command, in the order of the help text. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'check',
    summary: 'compile release files, and say what they would do',
    load: () => import('./commands/check.ts'),
  },
  {
    name: 'import',
    summary: 'write a release file from what another tool is told',
    load: () => import('./commands/import.ts'),
  },
  { name: 'start', summary: 'start a release', load: () => import('./commands/start.ts') },
  { name: 'get', summary: 'show one release, or watch it', load: () => import('./commands/get.ts') },
  { name: 'list', summary: 'list releases', load: () => import('./commands/list.ts') },
  { name: 'approve', summary: 'approve the step that waits for it', load: () => import('./commands/approve.ts') },
  {
    name: 'reject',
    summary: 'refuse the step that waits for approval: the release goes back',
    load: () => import('./commands/reject.ts'),
  },
  { name: 'promote', summary: 'end the pause that the release is in', load: () => import('./commands/promote.ts') },
  { name: 'promote-full', summary: 'skip the rest of the ramp', load: () => import('./commands/promote-full.ts') },
  { name: 'pause', summary: 'stop at the next safe point', load: () => import('./commands/pause.ts') },
  { name: 'resume', summary: 'go on after a pause that was asked for', load: () => import('./commands/resume.ts') },
  { name: 'abort', summary: 'go back now', load: () => import('./commands/abort.ts') },
  {
    name: 'retry',
    summary: 'try a blocked gate, a stuck undo or a stopped contract again',
    load: () => import('./commands/retry.ts'),
  },
  {
    name: 'skip',
    summary: 'leave a stuck undo undone, or a stopped contract as it is, on record',
    load: () => import('./commands/skip.ts'),
  },
  {
    name: 'finalise',
    summary: 'end the window: after it there is no quick way back',
    load: () => import('./commands/finalise.ts'),
  },
  {
    name: 'restart',
    summary: 'replace the pods of a service by new ones of the same version',
    load: () => import('./commands/restart.ts'),
  },
  {
    name: 'worker',
    summary: 'run the releases’ workflows and activities here',
    load: () => import('./commands/worker.ts'),
  },
  {
    name: 'serve',
    summary: 'start releases on signed webhooks of GitHub',
    load: () => import('./commands/serve.ts'),
  },
  { name: 'local', summary: 'the embedded stack: up, down, status, flags', load: () => import('./commands/local.ts') },
  {
    name: 'replay',
    summary: 'recompute every verdict of an archived release',
    load: () => import('./commands/replay.ts'),
  },
  {
    name: 'analyse',
    summary: 'run templates against their provider, now',
    load: () => import('./commands/analyse.ts'),
  },
  {
    name: 'judge',
    summary: 'judge measurements from standard input as a release would',
    load: () => import('./commands/judge.ts'),
  },
  {
    name: 'doctor',
    summary: 'say what is there, what is missing, and how to mend it',
    load: () => import('./commands/doctor.ts'),
  },
];

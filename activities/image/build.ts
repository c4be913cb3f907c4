import { confined } from '../confinement.ts';
import { failure } from '../failure.ts';
import { endOfCommand } from '../gates/end.ts';
import { type Execution, execute } from '../gates/execute.ts';
import { type Builder, type BuildOrder, commands, type Surroundings } from './builder.ts';

export interface BuildSettings extends Surroundings {
  /** Roots of the directories whose files may be built from. */
  readonly directories: readonly string[];
  /** Where logs are stored, an absolute folder. */
  readonly logs: string;
}

export interface BuildRequest {
  readonly builder: Builder;
  readonly order: BuildOrder;
  /** For build and push together. */
  readonly timeoutMs: number;
  /** The logs are stored under `<key>/build` and `<key>/push`. */
  readonly key: string;
}

/**
 * Builds an image and pushes it, heartbeating; whatever it started is gone when this returns or throws.
 *
 * @throws SHIPLOCK_IMAGE_FAILED (not retried) with the end of the build's log; SHIPLOCK_IMAGE_NOT_PUSHED (retried)
 */
export async function buildAndPush(request: BuildRequest, settings: BuildSettings): Promise<void> {
  const { builder, timeoutMs, key } = request;
  const directory = await confined(request.order.directory, settings.directories);
  const file = await confined(request.order.file, settings.directories);
  const order = { ...request.order, directory, file };
  const { build, push } = commands(builder, order);
  const { environment, logs, runAs } = settings;
  const run = (command: readonly string[], step: string, leftMs: number) =>
    execute({ command, directory, environment, logs, runAs, key: `${key}/${step}`, timeoutMs: leftMs, capture: false });

  const built = await run(build, 'build', timeoutMs);
  if (!succeeded(built)) {
    throw failure(
      { code: 'SHIPLOCK_IMAGE_FAILED', message: `${order.tag} was not built with ${builder.name}: ${story(built)}` },
      { retry: 'never' },
    );
  }
  const pushed = await run(push, 'push', Math.max(1_000, timeoutMs - built.durationMs));
  if (!succeeded(pushed)) {
    throw failure(
      { code: 'SHIPLOCK_IMAGE_NOT_PUSHED', message: `${order.tag} was built, but not pushed: ${story(pushed)}` },
      { retry: 'later' },
    );
  }
}

function succeeded(execution: Execution): boolean {
  return endOfCommand(execution).verdict === 'pass';
}

/** How it ended, where all of its output is, and the last of it. */
function story(execution: Execution): string {
  const { file, tail } = execution.log;
  return `${endOfCommand(execution).because} (${file})${tail ? `\n${tail}` : ''}`;
}

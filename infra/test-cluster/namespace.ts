import { readlinkSync } from 'node:fs';
import type { ProcessIdentity } from '../local/stack/processes.ts';

/** Without root a user namespace gives the rights over the others. */
function asRoot(): boolean {
  return process.getuid?.() === 0;
}

/**
 * The command that starts a process as the first one of a process namespace, and where wanted in a network namespace of
 * its own: when it ends, however it ends, the kernel ends everything it started, and takes the network away.
 */
export function firstProcess(command: readonly string[], options: { readonly ownNetwork: boolean }): readonly string[] {
  const network = options.ownNetwork ? ['--net'] : [];
  const user = asRoot() ? [] : ['--map-root-user'];
  return ['unshare', ...user, ...network, '--pid', '--fork', '--kill-child', '--', ...command];
}

/** The command that runs a command so that everything it starts ends with it, and sees none but its own processes. */
export function contained(command: readonly string[]): readonly string[] {
  return ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc', '--', ...command];
}

/** The command that runs a command in the network of a process; the command itself where we are in it already. */
export function besides(process: ProcessIdentity, command: readonly string[]): readonly string[] {
  if (sharesNetwork(process)) return command;
  const user = asRoot() ? [] : ['--user', '--preserve-credentials'];
  return ['nsenter', '--target', String(process.pid), ...user, '--net', '--', ...command];
}

/** Whether we see the network that a process sees. */
export function sharesNetwork({ pid }: ProcessIdentity): boolean {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`) === readlinkSync('/proc/self/ns/net');
  } catch {
    return false;
  }
}

/** The machines that something is pinned for. */
export type Platform = 'linux-x64' | 'linux-arm64' | 'darwin-arm64' | 'darwin-x64';

export interface Machine {
  readonly system: string;
  readonly architecture: string;
  /** The C library's version, such as `2.36`; null where it is another one (musl, macOS). */
  readonly glibc: string | null;
}

/** The machine this runs on. */
export function thisMachine(): Machine {
  return { system: process.platform, architecture: process.arch, glibc: process.platform === 'linux' ? glibc() : null };
}

/** The platform's name, or null where nothing is pinned for it. */
export function platformOf(machine: Machine): Platform | null {
  const name = `${machine.system}-${machine.architecture}`;
  switch (name) {
    case 'linux-x64':
    case 'linux-arm64':
    case 'darwin-arm64':
    case 'darwin-x64':
      return name;
    default:
      return null;
  }
}

/** Whether what needs this C library (or, with null, none) runs there, and the reason. */
export function runsOn(machine: Machine, needsGlibc: string | null): { verdict: boolean; because: string } {
  if (needsGlibc === null || machine.system !== 'linux') return { verdict: true, because: 'it needs no C library' };
  if (machine.glibc === null) {
    return { verdict: false, because: `it needs glibc ${needsGlibc} or newer, and this machine has no glibc` };
  }
  if (olderThan(machine.glibc, needsGlibc)) {
    return { verdict: false, because: `it needs glibc ${needsGlibc} or newer, and this machine has ${machine.glibc}` };
  }
  return { verdict: true, because: `glibc ${machine.glibc} is ${needsGlibc} or newer` };
}

/** The command that installs a package on this system: apt's name, or Homebrew's on macOS. */
export function installCommand(apt: string, brew: string): string {
  return process.platform === 'darwin' ? `brew install ${brew}` : `apt-get install -y ${apt}`;
}

/**
 * Compares dotted versions number by number.
 * @example olderThan('1.9.1', '1.10') // true
 */
export function olderThan(version: string, minimum: string): boolean {
  const [mine, least] = [version, minimum].map((text) => text.split('.').map((part) => Number.parseInt(part, 10) || 0));
  for (const [index, wanted] of (least ?? []).entries()) {
    const given = mine?.[index] ?? 0;
    if (given !== wanted) return given < wanted;
  }
  return false;
}

function glibc(): string | null {
  // Its list of network interfaces is slow on some machines, and of no use here.
  Object.assign(process.report, { excludeNetwork: true });
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return report.header?.glibcVersionRuntime ?? null;
}

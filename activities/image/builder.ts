import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** A program that builds and pushes images. */
export interface Builder {
  readonly name: 'docker' | 'podman' | 'buildah';
  readonly version: string;
  /** Of buildah: what it needs on this host beyond its defaults. */
  readonly storage: readonly string[];
  readonly isolation: readonly string[];
}

/** Everything a builder sees, and as whom it runs. */
export interface Surroundings {
  readonly environment: Readonly<Record<string, string>>;
  readonly runAs: { readonly uid: number; readonly gid: number } | null;
}

export interface BuildOrder {
  /** `registry.example/credlink/api:1.2.0`. */
  readonly tag: string;
  /** Absolute: the context, and the Dockerfile. */
  readonly directory: string;
  readonly file: string;
  /** The registry speaks plain HTTP. */
  readonly insecure: boolean;
}

/** A program that has not said by then whether it works, does not. */
const PATIENCE_MS = 10_000;

/** The first of docker, podman and buildah that works here: a client whose daemon does not answer builds nothing. */
export async function findBuilder(surroundings: Surroundings): Promise<Builder | null> {
  const ask = (program: string, ...args: string[]) => output([program, ...args], surroundings);
  const plain = { storage: [], isolation: [] };
  const docker = await ask('docker', 'version', '--format', '{{.Server.Version}}');
  if (docker) return { name: 'docker', version: docker, ...plain };
  const podman = await ask('podman', 'info', '--format', '{{.Version.Version}}');
  if (podman) return { name: 'podman', version: podman, ...plain };
  const version = /^buildah version (\S+)/.exec((await ask('buildah', '--version')) ?? '')?.[1];
  return version ? { name: 'buildah', version, ...(await needs(ask)) } : null;
}

/**
 * Where its own storage cannot be mounted (a container, no user namespaces) buildah copies layers instead (`vfs`);
 * where nothing can run containers (no `runc`, no `crun`) it runs steps in a chroot.
 */
async function needs(ask: (program: string, ...args: string[]) => Promise<string | null>) {
  const info = await ask('buildah', 'info');
  return {
    storage: info === null ? ['--storage-driver', 'vfs'] : [],
    isolation: info !== null && runtimeOf(info) ? [] : ['--isolation', 'chroot'],
  };
}

function runtimeOf(info: string): string | undefined {
  try {
    return (JSON.parse(info) as { host?: { OCIRuntime?: string } }).host?.OCIRuntime;
  } catch {
    return undefined;
  }
}

/** The argument lists that build and push; no shell reads them. */
export function commands(builder: Builder, order: BuildOrder): { build: readonly string[]; push: readonly string[] } {
  const { tag, directory, file, insecure } = order;
  // Of the push alone: base images are fetched as safely as ever.
  const plainHttp = insecure ? ['--tls-verify=false'] : [];
  const what = ['--file', file, '--tag', tag, directory];
  switch (builder.name) {
    case 'docker':
      // Its daemon speaks plain HTTP to loopback addresses by itself.
      return { build: ['docker', 'build', ...what], push: ['docker', 'push', tag] };
    case 'podman':
      return { build: ['podman', 'build', ...what], push: ['podman', 'push', ...plainHttp, tag] };
    case 'buildah': {
      const buildah = ['buildah', ...builder.storage];
      return {
        build: [...buildah, 'build', ...builder.isolation, ...what],
        push: [...buildah, 'push', ...plainHttp, tag, `docker://${tag}`],
      };
    }
    default:
      return builder.name satisfies never;
  }
}

/** What a program says, trimmed; `null` where it is not there, fails, or stays silent. */
async function output(
  [program = '', ...args]: readonly string[],
  { environment, runAs }: Surroundings,
): Promise<string | null> {
  const options = { env: environment, timeout: PATIENCE_MS, killSignal: 'SIGKILL', ...(runAs ?? {}) } as const;
  const said = await promisify(execFile)(program, args, options).catch(() => null);
  return said?.stdout.trim() ?? null;
}

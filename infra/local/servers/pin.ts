import type { PackageName, ServerName } from './catalogue.ts';
import type { Platform } from './platform.ts';
import type { Jar } from './test-server.lock.ts';

/** Where a server's executable lies in an archive. */
export type Members = Partial<Readonly<Record<ServerName, string>>>;

interface File {
  readonly filename: string;
  /** Size of the archive in bytes. */
  readonly bytes: number;
  readonly sha256: string;
  /** The oldest C library that its programs run with; null: any. */
  readonly glibc: string | null;
  readonly members: Members;
}

/** A wheel of a Python project, used as an archive. `platformTag` is pip's `--platform`. */
export interface Wheel extends File {
  readonly kind: 'wheel';
  readonly project: string;
  readonly version: string;
  readonly platformTag: string;
}

/** A Debian package, extracted and not installed. `folder` is its place below the archive's base. */
export interface Deb extends File {
  readonly kind: 'deb';
  readonly project: string;
  readonly version: string;
  readonly architecture: string;
  readonly folder: string;
}

/** A package of npm's registry, whose `tree` is kept as it is, since its programs need what lies around them. */
export interface NpmPackage extends File {
  readonly kind: 'npm';
  readonly project: string;
  readonly version: string;
  /** The folder of the archive that is kept; the members are paths in it. */
  readonly tree: string;
}

/** Java libraries which a wrapper script starts together. */
export interface Jars {
  readonly kind: 'jars';
  readonly jars: readonly Jar[];
  readonly bytes: number;
  readonly glibc: null;
  readonly mainClass: string;
  readonly members: Members;
}

/** The vendor's own download: verified by the list of checksums that the vendor publishes beside it. */
export interface VendorDownload {
  readonly kind: 'vendor';
  readonly glibc: string | null;
  readonly url: string;
  readonly checksums: string;
  readonly archive: 'tar.gz' | 'none';
  readonly members: Members;
}

/** What a registry has. */
export type RegistryFile = Wheel | Deb | Jars | NpmPackage;

export interface Pin {
  readonly name: PackageName;
  readonly version: string;
  readonly files: Partial<Readonly<Record<Platform, RegistryFile>>>;
  readonly vendor: Partial<Readonly<Record<Platform, VendorDownload>>>;
}

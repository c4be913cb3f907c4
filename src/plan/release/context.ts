import path from 'node:path';
import { type Manifests, sortManifests } from '../argo/manifests.ts';
import { fillHelm, type HelmTag } from '../argo/placeholders.ts';
import type { RolloutPlatform } from '../argo/platform.ts';
import type { Path, Report } from '../problem.ts';
import { valueAt } from '../shape/check.ts';
import { readDocuments, type Source } from '../yaml/read.ts';

/** What the parts of a release file are compiled with. */
export interface Context {
  readonly source: Source;
  /** The release file as it was given. */
  readonly file: string;
  /** Absolute directory of the release file: what its paths are relative to. */
  readonly directory: string;
  readonly service: string;
  readonly platform: RolloutPlatform;
  /** The target is a Rollout that a controller of its own drives. */
  readonly driven: boolean;
  readonly version: string;
  readonly tag: HelmTag;
  readonly report: Report;
  /** The Argo manifests of a file that the release file names at a path; read once. */
  manifests(file: string, namedAt: Path): Manifests;
  /** The documents of any YAML file that the release file names. */
  documents(file: string): readonly Source[];
}

export function createContext(options: { source: Source; file: string; version: string; report: Report }): Context {
  const { source, file, version, report } = options;
  const directory = path.dirname(path.resolve(file));
  const documents = once((name) => readDocuments(path.resolve(directory, name), shownName(file, name), report));
  const tag = { field: helmField(source), version };
  const manifests = once((name) => {
    const found = sortManifests(documents(name), report);
    return {
      releases: found.releases,
      rollouts: found.rollouts.map((rollout) => fillHelm(rollout, tag, report)),
      templates: found.templates.map((template) => fillHelm(template, tag, report)),
    };
  });
  const service = valueAt(source.value, ['service']);
  const platform = valueAt(source.value, ['target', 'platform']);
  return {
    source,
    file,
    directory,
    service: typeof service === 'string' ? service : '',
    platform: platform === 'kubernetes' || platform === 'argo' ? 'kubernetes' : 'local',
    driven: platform === 'argo',
    version,
    tag,
    report,
    documents,
    manifests: (name, namedAt) => {
      const found = manifests(name);
      if (found.releases.length > 0) {
        const message = `${name} is a release file; expected Argo manifests`;
        report.error(source, namedAt, 'SHIPLOCK_PLAN_KIND', message);
      }
      return found;
    },
  };
}

/** As the user would type it: relative to where the release file was given. */
export function shownName(releaseFile: string, name: string): string {
  return path.isAbsolute(name) ? name : path.join(path.dirname(releaseFile), name);
}

/** The Helm value that this release writes; `image.tag` where it does not say. */
function helmField(source: Source): string {
  const edits = valueAt(source.value, ['configuration']);
  for (const edit of Array.isArray(edits) ? edits : []) {
    const field = valueAt(edit, ['helm', 'tag']);
    if (typeof field === 'string') return field;
  }
  return 'image.tag';
}

function once<T>(compute: (key: string) => T): (key: string) => T {
  const known = new Map<string, T>();
  return (key) => {
    if (!known.has(key)) known.set(key, compute(key));
    return known.get(key) as T;
  };
}

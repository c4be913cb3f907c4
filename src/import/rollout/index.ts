/** A Rollout of Argo's as a release file for Kubernetes, which goes on reading its steps from the manifest. */
import { dirname, relative, resolve } from 'node:path';
import { sortManifests } from '../../plan/argo/manifests.ts';
import type { RolloutPlatform } from '../../plan/argo/platform.ts';
import { rolloutName } from '../../plan/argo/rollout.ts';
import { createReport, inOrder, type Path, type Problem, type Report } from '../../plan/problem.ts';
import { compileReleaseText } from '../../plan/release/compile.ts';
import { valueAt } from '../../plan/shape/check.ts';
import { readDocuments, type Source, wholeFile } from '../../plan/yaml/read.ts';
import { yamlText } from '../document.ts';
import { headerOf } from '../header.ts';
import { createLedger, type Imported, type Ledger, outcome, REFUSED } from '../ledger.ts';
import { labelOf } from '../names.ts';
import { driven } from './driven.ts';
import { ROLLOUT_FIELDS, rowOf } from './fields.ts';
import { workloadOf } from './workload.ts';

export interface RolloutRequest {
  readonly files: readonly string[];
  /** Where the release file is to lie; its paths are relative to that. */
  readonly output: string;
  /** Which Rollout, where the files hold several. */
  readonly name?: string | undefined;
  readonly cluster?: string | undefined;
  /** Of manifests that name none. Default: default. */
  readonly namespace?: string | undefined;
  /** What the release is checked with, since a release file names no version. Default: latest. */
  readonly version?: string | undefined;
  /** Who carries it out: the engine itself, or Argo's controller. Default: kubernetes. */
  readonly platform?: 'kubernetes' | 'argo' | undefined;
}

/** Never throws for what is written in the files: every error and every field that is refused has its place. */
export function importRollout(request: RolloutRequest): Imported {
  const report = createReport();
  const sources = request.files.flatMap((file) => readDocuments(file, file, report));
  const manifests = sortManifests(sources, report);
  const source = pick(manifests.rollouts, request, report);
  if (source === null) return outcome(report, [], null);
  const ledger = createLedger(source, report);
  if (request.platform === 'argo') {
    const release = driven(source, request, ledger);
    return outcome(report, ledger.notes(), { release, files: [] });
  }
  noteFields(ledger);
  const made = compose(request, { source, sources, templates: manifests.templates }, ledger);
  const compiled = compileReleaseText(made.release.text, {
    file: request.output,
    version: request.version ?? 'latest',
  });
  const problems = distinct([
    ...report.errors(),
    ...compiled.errors.filter(({ file }) => isGiven(file, request)).map((problem) => asGiven(problem, request)),
  ]);
  const own = compiled.errors.filter(({ file, code }) => !isGiven(file, request) && !isAbsent(code));
  for (const { path, message, code } of own)
    report.error(source, [], code, `the release that it makes: ${path}: ${message}`);
  const refused = problems.filter(({ code }) => code === REFUSED).map(withReason);
  const errors = distinct([
    ...problems.filter(({ code }) => code !== REFUSED),
    ...report.errors().filter(({ code }) => code !== REFUSED),
  ]);
  const text = yamlText(made.value, [], headerOf(`Argo's Rollout ${rolloutName(source)}`, ledger.notes(), refused));
  const usable = errors.length === 0;
  return {
    release: usable ? { name: 'release.yaml', text } : null,
    files: usable ? made.files : [],
    notes: ledger.notes(),
    refused,
    errors,
    warnings: compiled.warnings.map((problem) => asGiven(problem, request)),
  };
}

interface Given {
  readonly source: Source;
  readonly sources: readonly Source[];
  readonly templates: readonly Source[];
}

function compose(request: RolloutRequest, { source, sources, templates }: Given, ledger: Ledger) {
  const { output, cluster, namespace } = request;
  const name = rolloutName(source) ?? 'unnamed';
  const service = labelOf(name);
  const from = (file: string) => relative(dirname(resolve(output)), resolve(file));
  const workload = workloadOf({ source, sources, service, from }, ledger);
  const isCanary = valueAt(source.value, ['spec', 'strategy', 'canary']) != null;
  const others = [...new Set(templates.map(({ file }) => file))].filter((file) => file !== source.file).map(from);
  const siblings = sources.filter(
    (other) => other.file === source.file && valueAt(other.value, ['kind']) === 'Rollout',
  );
  const platform: RolloutPlatform = 'kubernetes';
  const value = {
    apiVersion: 'shiplock/v1',
    kind: 'Release',
    service,
    target: {
      platform,
      ...(cluster === undefined ? {} : { cluster }),
      ...(valueAt(source.value, ['metadata', 'namespace']) == null ? { namespace: namespace ?? 'default' } : {}),
      ...workload.target,
      ...(namesSides(source) ? {} : shorter(service)),
    },
    canary: {
      rollout: { file: from(source.file), ...(siblings.length > 1 ? { name } : {}) },
      ...(others.length > 0 ? { templates: others } : {}),
    },
    // Argo promotes by itself after the last step; of blue-green the Rollout says.
    ...(isCanary ? { promotion: { automatic: true } } : {}),
  };
  return { value, files: workload.files, release: { name: 'release.yaml', text: yamlText(value) } };
}

/** Whether the Rollout itself names the Services of its sides. */
const namesSides = ({ value }: Source): boolean =>
  ['canary', 'blueGreen'].some((kind) =>
    ['stableService', 'activeService', 'pingPong'].some(
      (field) => valueAt(value, ['spec', 'strategy', kind, field]) != null,
    ),
  );

/** The names of the two sides where the Rollout has none, and SERVICE-stable would be none of a Service. */
const shorter = (service: string): object => {
  const most = 63 - '-stable'.length;
  if (service.length <= most) return {};
  const name = labelOf(service.slice(0, most));
  return { stableService: `${name}-stable`, canaryService: `${name}-canary` };
};

/** Each field that is there, by its row. */
function noteFields(ledger: Ledger): void {
  for (const { path, verdict, text } of ROLLOUT_FIELDS) {
    if (verdict === 'refused') continue;
    for (const at of placesOf(ledger.source.value, path.split('.'))) ledger[verdict](at, text);
  }
}

/** Where a pattern of a path is in a value. */
function placesOf(value: unknown, parts: readonly string[], at: Path = []): Path[] {
  const [part, ...rest] = parts;
  if (part === undefined) return value == null ? [] : [at];
  const name = part.replace('[]', '');
  const inside = valueAt(value, [name]);
  if (!part.endsWith('[]')) return placesOf(inside, rest, [...at, name]);
  return Array.isArray(inside) ? inside.flatMap((item, index) => placesOf(item, rest, [...at, name, index])) : [];
}

/** A refusal by name, with why. */
function withReason(problem: Problem): Problem {
  const row = rowOf(problem.path);
  return row?.verdict !== 'refused' ? problem : { ...problem, message: `${problem.message}: ${row.text}` };
}

const isGiven = (file: string, { files }: RolloutRequest): boolean =>
  files.some((given) => resolve(given) === resolve(file));

/** A Deployment that is not among the files is left to a person, which is noted. */
const isAbsent = (code: string): boolean =>
  code === 'SHIPLOCK_PLAN_FILE' || code === 'SHIPLOCK_PLAN_DEPLOYMENT_MISSING';

/** Problems of a given file under the name that it was given by. */
const asGiven = (problem: Problem, { files }: RolloutRequest): Problem => {
  const file = files.find((given) => resolve(given) === resolve(problem.file));
  return file === undefined ? problem : { ...problem, file };
};

function distinct(problems: readonly Problem[]): Problem[] {
  const key = ({ file, line, column, code, message }: Problem) =>
    JSON.stringify([resolve(file), line, column, code, message]);
  return inOrder([...new Map(problems.map((problem) => [key(problem), problem])).values()]);
}

function pick(rollouts: readonly Source[], { name, files }: RolloutRequest, report: Report): Source | null {
  const matching = name === undefined ? rollouts : rollouts.filter((source) => rolloutName(source) === name);
  const [only, second] = matching;
  if (only !== undefined && second === undefined) return only;
  const names = rollouts.map((source) => rolloutName(source) ?? '(no name)').join(', ');
  if (second !== undefined) {
    const message =
      name === undefined
        ? `is a second Rollout (${names}); name one of them with --name`
        : `is a second Rollout named ${name}`;
    report.error(second, ['metadata', 'name'], 'SHIPLOCK_PLAN_DUPLICATE', message);
  } else if (report.errors().length === 0) {
    const message =
      names === ''
        ? 'holds no Rollout; expected apiVersion: argoproj.io/v1alpha1 and kind: Rollout'
        : `holds no Rollout named ${name}; there are ${names}`;
    report.error(rollouts[0] ?? wholeFile(files[0] ?? ''), [], 'SHIPLOCK_PLAN_ROLLOUT_MISSING', message);
  }
  return null;
}

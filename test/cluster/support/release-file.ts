import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { CLUSTER } from './engine.ts';
import type { TestCluster } from './index.ts';

export interface ReleaseFiles {
  readonly service: string;
  /** Argo's Rollout, which the release file names. */
  readonly rollout: object;
  /** AnalysisTemplates, which it names as well. */
  readonly templates?: readonly object[];
  /** Sections over those that are there without. */
  readonly release?: Readonly<Record<string, unknown>>;
  /** Below the test's own folder; absent: that itself. */
  readonly folder?: string;
}

/** A release file for the test's namespace, that goes on by itself, and what it names. @returns the file */
export function writeRelease(
  { folder: own, namespace }: Pick<TestCluster, 'folder' | 'namespace'>,
  { service, rollout, templates = [], release = {}, folder: below = '' }: ReleaseFiles,
): string {
  const folder = join(own, below);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'rollout.yaml'), stringify(rollout));
  writeFileSync(join(folder, 'templates.yaml'), templates.map((template) => stringify(template)).join('---\n'));
  const target = { platform: 'kubernetes', cluster: CLUSTER, namespace, ...(release.target as object | undefined) };
  const canary = {
    rollout: { file: 'rollout.yaml' },
    ...(templates.length > 0 && { templates: ['templates.yaml'] }),
    ...(release.canary as object | undefined),
  };
  return writeReleaseFile(folder, { service, ...release, target, canary });
}

/** What tests have in common, and over it these sections. @returns the file */
export function writeReleaseFile(folder: string, sections: Readonly<Record<string, unknown>>): string {
  const file = join(folder, 'release.yaml');
  const common = { environment: 'test', promotion: { automatic: true }, window: { duration: '1s' } };
  writeFileSync(file, stringify({ apiVersion: 'shiplock/v1', kind: 'Release', ...common, ...sections }));
  return file;
}

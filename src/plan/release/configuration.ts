import path from 'node:path';
import { rolloutName } from '../argo/rollout.ts';
import type { ConfigurationEdit } from '../plan.ts';
import type { Path } from '../problem.ts';
import { piece, valueAt } from '../shape/check.ts';
import type { Source } from '../yaml/read.ts';
import type { Context } from './context.ts';
import { configurationSchema } from './schema.ts';

/** Each edit is tried on the file as it is now: a release must not find out halfway that there is nothing to write. */
export function compileConfiguration(context: Context): ConfigurationEdit[] {
  const list = valueAt(context.source.value, ['configuration']);
  const edits: ConfigurationEdit[] = [];
  for (const [index, raw] of (Array.isArray(list) ? list : []).entries()) {
    const edit = piece(configurationSchema, raw);
    if (edit?.helm !== undefined) {
      edits.push(...helmEdits(edit.helm, ['configuration', index, 'helm'], context));
    } else if (edit?.rollout !== undefined) {
      edits.push(...rolloutEdits(edit.rollout, ['configuration', index, 'rollout'], context));
    }
  }
  return edits;
}

function helmEdits(
  helm: { file: string; tag?: string; digest?: string },
  at: Path,
  context: Context,
): ConfigurationEdit[] {
  const field = helm.tag ?? 'image.tag';
  checkText(context, helm.file, field, [...at, 'tag']);
  const tag: ConfigurationEdit = { kind: 'helm', file: path.resolve(context.directory, helm.file), field };
  if (helm.digest === undefined) return [tag];
  checkText(context, helm.file, helm.digest, [...at, 'digest']);
  checkImage(context, [...at, 'digest']);
  if (helm.digest === field) {
    const message = `is ${field}, as the tag; they must differ`;
    context.report.error(context.source, [...at, 'digest'], 'SHIPLOCK_PLAN_DUPLICATE', message);
  }
  return [tag, { ...tag, field: helm.digest, carries: 'digest' }];
}

function checkText(context: Context, file: string, field: string, at: Path): void {
  const documents = context.documents(file);
  const found = valueAt(documents[0]?.value, field.split('.'));
  if (documents.length === 0 || typeof found === 'string' || typeof found === 'number') return;
  const message = `${file} has no text at ${field}; expected the ${at.at(-1)} there`;
  context.report.error(context.source, at, 'SHIPLOCK_PLAN_EDIT_TARGET', message);
}

/** A digest is known only where the release has an image. */
function checkImage(context: Context, at: Path): void {
  if (valueAt(context.source.value, ['image']) !== undefined) return;
  const message = 'needs an image, and the release file names none; add the section image, or remove this';
  context.report.error(context.source, at, 'SHIPLOCK_PLAN_NEEDS', message, 'key');
}

function rolloutEdits(
  edit: { file: string; name?: string; container: string; digest?: boolean },
  at: Path,
  context: Context,
): ConfigurationEdit[] {
  if (edit.digest === true) checkImage(context, [...at, 'digest']);
  const rollout = pickRollout(edit, at, context);
  if (rollout === null) return [];
  const name = rolloutName(rollout);
  const image = imageOf(edit, name, context);
  if (image === null) {
    const message = `the Rollout ${name} has no container named ${edit.container}`;
    context.report.error(context.source, [...at, 'container'], 'SHIPLOCK_PLAN_EDIT_TARGET', message);
  } else if (image.includes('{{')) {
    const message = `its image is ${image}: the Helm values carry the tag, so there is nothing to write; remove this edit`;
    context.report.error(context.source, [...at, 'container'], 'SHIPLOCK_PLAN_EDIT_TARGET', message);
  }
  if (image?.includes('@') && edit.digest !== true) {
    const message = `the container ${edit.container} has the image ${image}: its digest would go on choosing the old one; add digest: true, or take the digest out`;
    context.report.error(context.source, [...at, 'container'], 'SHIPLOCK_PLAN_EDIT_TARGET', message);
  }
  const file = path.resolve(context.directory, edit.file);
  const tag: ConfigurationEdit = { kind: 'rollout', file, field: edit.container, resource: name ?? '' };
  return edit.digest === true ? [tag, { ...tag, carries: 'digest' }] : [tag];
}

/** The image as it is written, before Helm's values are filled in. */
function imageOf(edit: { file: string; container: string }, name: string | null, context: Context): string | null {
  const raw = context.documents(edit.file).find((source) => rolloutName(source) === name && isRollout(source));
  const containers = valueAt(raw?.value, ['spec', 'template', 'spec', 'containers']);
  const container = (Array.isArray(containers) ? containers : []).find(
    (candidate) => valueAt(candidate, ['name']) === edit.container,
  );
  const image = valueAt(container, ['image']);
  return typeof image === 'string' ? image : null;
}

const isRollout = (source: Source) => valueAt(source.value, ['kind']) === 'Rollout';

/** The Rollout that a part of the release file means, or `null` with the reason reported. */
export function pickRollout(wanted: { file: string; name?: string }, at: Path, context: Context): Source | null {
  const { rollouts } = context.manifests(wanted.file, [...at, 'file']);
  const names = rollouts.map((source) => rolloutName(source) ?? '(no name)').join(', ');
  const matching =
    wanted.name === undefined ? rollouts : rollouts.filter((source) => rolloutName(source) === wanted.name);
  const [only] = matching;
  if (only !== undefined && matching.length === 1) return only;
  const missing = wanted.name === undefined ? 'no Rollout' : `no Rollout named ${wanted.name}`;
  const message =
    matching.length === 0
      ? `${wanted.file} holds ${missing}${names === '' ? '' : `; it holds ${names}`}`
      : `${wanted.file} holds ${matching.length} Rollouts (${names}); name one of them`;
  const place = wanted.name === undefined ? 'file' : 'name';
  context.report.error(context.source, [...at, place], 'SHIPLOCK_PLAN_ROLLOUT_MISSING', message);
  return null;
}

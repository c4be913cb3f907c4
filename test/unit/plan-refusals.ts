import assert from 'node:assert/strict';
import path from 'node:path';
import { compileRelease } from '../../src/plan/index.ts';
import { edited, folderOf, unmarked, WHOLE } from './plan-fixture.ts';

/** Compiles the release.yaml of a set of files. */
export const compileFiles = (files: Readonly<Record<string, string>>, request: object = {}) => {
  const folder = folderOf(files);
  return { folder, ...compileRelease({ file: path.join(folder, 'release.yaml'), version: '1.2.0', ...request }) };
};

/** Holds that a release is refused with this error, at the place of the marker « if there is one. */
export function refused(
  files: Readonly<Record<string, string>>,
  at: string,
  code: string,
  message: RegExp,
  request = {},
) {
  const clean = unmarked(files);
  const { errors, folder } = compileFiles(clean.files, request);
  const found = errors.find((error) => error.code === code && error.path === at && message.test(error.message));
  assert.ok(found, JSON.stringify(errors, null, 2));
  if (!Object.values(files).some((text) => text.includes('«'))) return;
  const place = { file: path.relative(folder, found.file), line: found.line, column: found.column };
  assert.deepEqual(place, clean.place);
}

/** What is wrong, the text that is replaced in a release with every phase, by what (« marks the place), and the error. */
export type BadInput = readonly [says: string, from: string, to: string, path: string, code: string, message: RegExp];

/** The release with every phase, with one text replaced: the text itself, or the source of a pattern that finds it. */
export function replaced(from: string, to: string) {
  const text = WHOLE['release.yaml'] ?? '';
  const found = text.includes(from) ? from : (new RegExp(from).exec(text)?.[0] ?? from);
  return edited('release.yaml', found, to, WHOLE);
}

import { parseDocument } from 'yaml';
import type { ConfigurationEdit } from '../../src/plan/plan.ts';
import { failure } from '../failure.ts';
import { type Field, findField } from './field.ts';
import { imageWith, isDigest } from './image.ts';

/**
 * The text with another value in one field, every other byte as it was. The value keeps its quotes; without any it
 * gets some where YAML would read it as something else than text (`1.10`, `12e4567`, `true`).
 *
 * @throws SHIPLOCK_CONFIGURATION_VALUE (not retried) where the field cannot hold the value
 */
export function withValue(text: string, field: Field, to: string, edit: ConfigurationEdit): string {
  const value = newValue(field, to, edit);
  if (value === null || /\p{Cc}/u.test(value)) throw unfit(to, edit);
  const place = placeOf(text, field, value);
  const changed = `${text.slice(0, place.start)}${place.gap}${written(value, field.style)}${text.slice(place.end)}`;
  // The proof that the cut was right: the file, read anew, holds the value and nothing else moved.
  if (findField(changed, edit).value !== to) throw unfit(to, edit);
  return changed;
}

function newValue({ image }: Field, to: string, { carries }: ConfigurationEdit): string | null {
  if (image) return imageWith(image, carries ?? 'tag', to);
  return carries === 'digest' && to !== '' && !isDigest(to) ? null : to;
}

function placeOf(text: string, field: Field, value: string): { start: number; end: number; gap: string } {
  if (field.style === 'empty') return afterColon(text, field.start);
  // Back to nothing, as an empty value was found: the gap that came with the value goes with it.
  if (field.style === 'plain' && value === '') return { start: trimmed(text, field.start), end: field.end, gap: '' };
  return { ...field, gap: '' };
}

/** An empty value has no place of its own: YAML counts it to where the next thing begins, maybe a comment. */
function afterColon(text: string, start: number): { start: number; end: number; gap: string } {
  const end = trimmed(text, start);
  return { start: end, end, gap: ' ' };
}

function trimmed(text: string, end: number): number {
  return text.slice(0, end).trimEnd().length;
}

function written(value: string, style: Field['style']): string {
  switch (style) {
    case 'single':
      return `'${value.replaceAll("'", "''")}'`;
    case 'double':
      return JSON.stringify(value);
    case 'plain':
    case 'empty':
      return value === '' || staysText(value) ? value : JSON.stringify(value);
    default:
      return style satisfies never;
  }
}

/** Helm and Kubernetes read YAML 1.1, editors and this program 1.2: plain text must be text in both. */
function staysText(value: string): boolean {
  return (['1.1', '1.2'] as const).every((version) => {
    const document = parseDocument(`key: ${value}\n`, { version });
    return document.errors.length === 0 && document.get('key') === value;
  });
}

function unfit(to: string, edit: ConfigurationEdit) {
  return failure(
    {
      code: 'SHIPLOCK_CONFIGURATION_VALUE',
      message: `${JSON.stringify(to)} cannot stand in ${edit.field} of ${edit.file}`,
      mend:
        edit.carries === 'digest'
          ? 'name the image by `sha256:` and 64 hex digits'
          : 'release a version that is a tag: letters, digits, dots, dashes, underscores',
    },
    { retry: 'never' },
  );
}

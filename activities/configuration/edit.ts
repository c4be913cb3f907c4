import { parseDocument } from 'yaml';
import type { ConfigurationEdit } from '../../src/plan/plan.ts';
import { failure } from '../failure.ts';
import { type Field, findField } from './field.ts';
import { imageWith } from './image.ts';

/**
 * The text with another value in one field, every other byte as it was. The value keeps its quotes; without any it
 * gets some where YAML would read it as something else than text (`1.10`, `12e4567`, `true`).
 *
 * @throws SHIPLOCK_CONFIGURATION_VALUE (not retried) where the field cannot hold the value
 */
export function withValue(text: string, field: Field, to: string, edit: ConfigurationEdit): string {
  const value = field.image ? imageWith(field.image, to) : to;
  if (value === null || /\p{Cc}/u.test(value)) throw unfit(to, edit);
  const place = field.style === 'empty' ? afterColon(text, field.start) : { ...field, gap: '' };
  const changed = `${text.slice(0, place.start)}${place.gap}${written(value, field.style)}${text.slice(place.end)}`;
  // The proof that the cut was right: the file, read anew, holds the value and nothing else moved.
  if (findField(changed, edit).value !== to) throw unfit(to, edit);
  return changed;
}

/** An empty value has no place of its own: YAML counts it to where the next thing begins, maybe a comment. */
function afterColon(text: string, start: number): { start: number; end: number; gap: string } {
  const { length } = text.slice(0, start).trimEnd();
  return { start: length, end: length, gap: ' ' };
}

function written(value: string, style: Field['style']): string {
  switch (style) {
    case 'single':
      return `'${value.replaceAll("'", "''")}'`;
    case 'double':
      return JSON.stringify(value);
    case 'plain':
    case 'empty':
      return staysText(value) ? value : JSON.stringify(value);
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
      mend: 'release a version that is a tag: letters, digits, dots, dashes, underscores',
    },
    { retry: 'never' },
  );
}

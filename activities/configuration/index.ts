import { confined } from '../confinement.ts';
import { failure } from '../failure.ts';
import { withValue } from './edit.ts';
import { raiseFence } from './fence.ts';
import { type Field, findField } from './field.ts';
import { readText, replaceText } from './file.ts';
import type { ConfigurationActivities, ConfigurationWrite, WriteConfigurationRequest } from './port.ts';

export interface ConfigurationDependencies {
  /** Roots of the directories whose files may be edited. */
  readonly directories: readonly string[];
  /** An absolute folder of this host, where the highest fencing number of each field is kept. */
  readonly state: string;
}

/** Somebody who writes the file at the same moment is read again this often. */
const ATTEMPTS = 5;

/**
 * Fields of YAML files on this host. A field that Helm renders (`credlink/api:{{ .Values.image.tag }}`) is read as it
 * is and never written: the Helm values carry its version, so both `to` and the undo of it find nothing to do.
 */
export function createConfigurationActivities(dependencies: ConfigurationDependencies): ConfigurationActivities {
  return {
    async readConfiguration({ edit }) {
      const file = await confined(edit.file, dependencies.directories);
      return { value: findField(await readText(file), edit).value };
    },
    writeConfiguration: (request) => write(request, dependencies),
  };
}

async function write(
  { edit, from, to, fence: number }: WriteConfigurationRequest,
  { directories, state }: ConfigurationDependencies,
): Promise<ConfigurationWrite> {
  const file = await confined(edit.file, directories);
  const fence = await raiseFence({ state, file, edit, fence: number });
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const before = await readText(file);
    const field = findField(before, edit);
    const outcome = compare(field, { from, to });
    if (outcome !== 'written') return { outcome, found: field.value };
    const after = withValue(before, field, to, edit);
    if (await replaceText(file, { before, after, fence })) return { outcome, found: field.value };
  }
  throw failure(
    { code: 'SHIPLOCK_CONFIGURATION_BUSY', message: `${edit.file} is changed by somebody else again and again` },
    { retry: 'later' },
  );
}

/** `written` here: to be written. */
function compare(field: Field, { from, to }: { from: string; to: string }): ConfigurationWrite['outcome'] {
  if (field.value === to || field.isTemplate) return 'unchanged';
  return field.value === from ? 'written' : 'drifted';
}

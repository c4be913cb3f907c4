import type { ConfigurationEdit } from '../../src/plan/plan.ts';
import { building } from '../activities.ts';
import { buildHost } from '../build-host.ts';
import { GoBack, type Release } from '../control.ts';
import { step } from '../steps.ts';

const WRITE_TIMEOUT_MS = 10_000;

/** The version goes into the files that carry it; each edit can be undone before it is made. */
export async function configuration(release: Release): Promise<void> {
  const { state, plan } = release;
  state.phase = 'configuration';
  for (const [index, edit] of plan.configuration.entries()) {
    await step(release, `configuration-${index + 1}`, () => write(release, edit));
  }
}

async function write(release: Release, edit: ConfigurationEdit): Promise<string> {
  const { state, plan } = release;
  const host = await buildHost(release);
  const files = building(`${edit.field} in ${edit.file.split('/').at(-1)}`, host, WRITE_TIMEOUT_MS);
  const { value: from } = await files.readConfiguration({ edit });
  const to = edit.carries === 'digest' ? (state.image?.digest ?? '') : plan.version;
  state.undo.push({
    kind: 'restoreConfiguration',
    edit,
    from: edit.carries === 'digest' ? from : wayBack(release, from),
    to,
  });
  const written = await files.writeConfiguration({ edit, from, to, fence: state.fence });
  if (written.outcome === 'drifted') {
    throw new GoBack({
      outcome: 'rolledBack',
      because: `${edit.file} was changed by somebody else in the meantime: it holds "${written.found}"`,
    });
  }
  return `${brief(from)} → ${brief(to)}`;
}

/** Enough of a digest to know it by. */
function brief(value: string): string {
  return value.startsWith('sha256:') ? value.slice(0, 19) : value || 'nothing';
}

/** A version that a terminated release wrote and left running beside stable is nothing to go back to. */
function wayBack(release: Release, found: string): string {
  const before = release.state.admission?.before;
  const isLeft = found !== before?.stable && before?.revisions.some(({ version }) => version === found);
  return isLeft && before?.stable ? before.stable : found;
}

/** The embedded platform, with a supervisor's journal. */
import { openBeside } from './beside.ts';
import { effectsOf, watchFile } from './effects.ts';
import { demandedLocally } from './expectations.ts';
import { isWhole, type Kind, localPlan } from './kinds.ts';
import { valuesFile } from './plan.ts';
import type { Ground, Platform } from './platform.ts';
import { endService, serveStable } from './service.ts';
import { openStage, type Stage } from './stage.ts';

/** @param kinds what is going to be released: some need more than the stack */
export async function openLocal(kinds: readonly Kind[]): Promise<Platform> {
  const stage = await openStage(kinds.some(isWhole) ? openBeside : undefined);
  return {
    demanded: demandedLocally,
    openLane: async (name) => ({
      ...(await stage.openLane(name)),
      prepare: (kind, service) => prepare(stage, kind, service),
    }),
    close: stage.close,
  };
}

async function prepare(stage: Stage, kind: Kind, service: string): Promise<Ground> {
  const { supervisor, home, folder } = stage;
  const beside = isWhole(kind) ? stage.beside : null;
  const plan = localPlan(kind, { service, folder, beside });
  await beside?.prepare(supervisor, service);
  const address = await serveStable(supervisor, plan);
  const before = effectsOf(home, service).length;
  const file = watchFile(valuesFile(folder, service));
  return {
    plan,
    address,
    found: async () => {
      file.stop();
      const effects = effectsOf(home, service).slice(before);
      const left = (await beside?.found(supervisor, service)) ?? [];
      const named = beside?.named ?? ((_service: string, text: string) => text);
      const contents = await Promise.all(file.contents.map((text) => named(service, text)));
      await beside?.forget(supervisor, service);
      await endService(supervisor, service);
      return { effects, left, contents };
    },
  };
}

import path from 'node:path';
import type { ImagePlan } from '../plan.ts';
import { piece, valueAt } from '../shape/check.ts';
import { isLoopbackRepository } from '../shape/names.ts';
import type { Context } from './context.ts';
import { imageSchema } from './schema-phases.ts';

const TIMEOUT_MS = 10 * 60_000;

/** `undefined`: the release file names no image, or a wrong one. */
export function compileImage(context: Context): ImagePlan | undefined {
  const image = piece(imageSchema, valueAt(context.source.value, ['image']));
  if (image === undefined) return undefined;
  const insecure = image.insecure ?? false;
  if (insecure && !isLoopbackRepository(image.repository)) {
    const message = `is for a registry on this machine, for example localhost:5000/shop/api; ${image.repository} needs TLS`;
    context.report.error(context.source, ['image', 'insecure'], 'SHIPLOCK_PLAN_VALUE', message);
  }
  const { build } = image;
  return {
    repository: image.repository,
    build:
      build === undefined
        ? null
        : {
            directory: path.resolve(context.directory, build.directory ?? '.'),
            file: build.file ?? 'Dockerfile',
            timeoutMs: build.timeout ?? TIMEOUT_MS,
          },
    digest: image.digest ?? null,
    insecure,
  };
}

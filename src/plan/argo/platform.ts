import type { z } from 'zod';
import { refused } from '../shape/fields.ts';

/** Where a Rollout is carried out. */
export type RolloutPlatform = 'local' | 'kubernetes';

/** A field that means something only in a cluster: refused by name on the platform `local`, as `refused` does. */
export const inCluster = <T extends z.ZodType>(
  platform: RolloutPlatform,
  name: string,
  schema: T,
  harmless?: unknown,
): T =>
  // What is refused never has a value, so whoever reads the field sees the one type.
  platform === 'local'
    ? (refused(name, harmless, 'remove it, or release on kubernetes', 'on the platform local') as unknown as T)
    : schema;

/** A field that the platform `local` does not look into. */
export const looseLocally = <T extends z.ZodType>(platform: RolloutPlatform, loose: z.ZodType, schema: T): T =>
  platform === 'local' ? (loose as unknown as T) : schema;

/** One schema for each platform. */
export const eachPlatform = <T>(make: (platform: RolloutPlatform) => T): Readonly<Record<RolloutPlatform, T>> => ({
  local: make('local'),
  kubernetes: make('kubernetes'),
});

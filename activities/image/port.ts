import type { ImagePlan } from '../../src/plan/plan.ts';

export interface PrepareImageRequest {
  readonly image: ImagePlan;
  /** The tag. */
  readonly version: string;
  /** `workflowId/runId/image`: where the build's log is stored, and what makes a retry the same build. */
  readonly key: string;
}

export interface PreparedImage {
  /** `repository:version@sha256:…`. */
  readonly reference: string;
  /** `sha256:` and 64 hex digits: what the registry answered, or what the plan says where nobody can be asked. */
  readonly digest: string;
  /** How the digest is known: `built` and pushed here, `found` in the registry, or `given` by the plan. */
  readonly how: 'built' | 'found' | 'given';
  /** One sentence for people: `built with buildah 1.28 and pushed`. */
  readonly because: string;
  /** From the image's configuration; `null` where it cannot be read. */
  readonly user: string | null;
}

/** The image that the version stands for. On a build worker. */
export interface ImageActivities {
  /**
   * Builds and pushes it with docker, podman or buildah, or finds the one that exists. Fails, not retryably, with
   * `SHIPLOCK_IMAGE_FAILED` (the build), `SHIPLOCK_IMAGE_DIFFERS` (another digest than the plan's) or
   * `SHIPLOCK_IMAGE_UNKNOWN` (neither built, nor found, nor given).
   */
  prepareImage(request: PrepareImageRequest): Promise<PreparedImage>;
}

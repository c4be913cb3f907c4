import type { RolloutState } from '../../activities/rollout/port.ts';

/** A Rollout of Argo's, and what its controller makes of this release. */
export interface RolloutProgress {
  /** Its name. */
  readonly name: string;
  /** The image that this release sets, the one that it found, and that of the stable side, to which it goes back. */
  readonly image: string;
  readonly found: string;
  readonly stable: string;
  /** As it was looked at last. */
  seen: RolloutState;
  /** Since when it stands so, and when the controller was given the image: epoch milliseconds; 0: not yet. */
  since: number;
  givenAt: number;
  /** This release has stopped the controller (`spec.paused`), for a person. */
  held?: true;
  /** A person's `promoteFull` was passed on. */
  promotedFully?: true;
}

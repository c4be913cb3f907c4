import type { ConfigurationEdit } from '../../src/plan/plan.ts';

export interface ReadConfigurationRequest {
  readonly edit: ConfigurationEdit;
}

export interface WriteConfigurationRequest {
  readonly edit: ConfigurationEdit;
  /** What the field is expected to hold; or already `to` (a retry). */
  readonly from: string;
  readonly to: string;
  /** A lower number than this file has seen is refused (`SHIPLOCK_FENCE_STALE`, not retried). */
  readonly fence: number;
}

export interface ConfigurationWrite {
  /** `drifted`: the field held neither `from` nor `to` and was left alone. */
  readonly outcome: 'written' | 'unchanged' | 'drifted';
  readonly found: string;
}

/** Fields of YAML files that carry the version. Compare-and-set; comments and formatting are kept. */
export interface ConfigurationActivities {
  readConfiguration(request: ReadConfigurationRequest): Promise<{ readonly value: string }>;
  writeConfiguration(request: WriteConfigurationRequest): Promise<ConfigurationWrite>;
}

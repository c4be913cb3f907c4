import { stringify } from 'yaml';

/**
 * The configuration of the embedded Prometheus: what the supervisor runs, what Envoy tells, and whatever anybody
 * puts into `targets/` as file-based service discovery (a worker, for example).
 */
export function prometheusConfiguration(options: { directory: string; ruleFiles: readonly string[] }): string {
  return stringify({
    // Short, since a demo's steps last seconds: a rate needs two readings.
    global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
    rule_files: options.ruleFiles,
    scrape_configs: [
      { job_name: 'services', file_sd_configs: [{ files: [`${options.directory}/targets/*.json`] }] },
      {
        job_name: 'envoy',
        metrics_path: '/stats/prometheus',
        params: { usedonly: [''] },
        file_sd_configs: [{ files: [`${options.directory}/envoy.json`] }],
      },
    ],
  });
}

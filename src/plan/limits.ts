/** What a plan and its files may cost. Beyond these a file is refused before anything expands it. */

/** Bytes of one file. */
export const MAX_FILE_BYTES = 1024 * 1024;
/** `*alias` uses in one file. */
export const MAX_ALIASES = 100;
/** Tokens of one file, spaces and line ends among them: 12,000 lines of `key: value`, parsed in a second. */
export const MAX_TOKENS = 100_000;
/** Values of one document after its aliases are expanded. */
export const MAX_VALUES = 50_000;
/** Levels of nesting; Kubernetes' own manifests stay below 20. */
export const MAX_DEPTH = 64;
/** Documents in one file. */
export const MAX_DOCUMENTS = 200;

/** Bytes of one migration, and of all of a release: they travel in the plan, of which Temporal takes 2 MiB. */
export const MAX_SQL_BYTES = 64 * 1024;
export const MAX_SQL_TOTAL_BYTES = 512 * 1024;
/** Migrations of one release. */
export const MAX_MIGRATIONS = 50;

/** Bytes of a pod template as JSON, of all ConfigMaps of one release, and how many they are: they travel in the plan too. */
export const MAX_TEMPLATE_BYTES = 256 * 1024;
export const MAX_CONFIG_MAP_BYTES = 512 * 1024;
export const MAX_CONFIG_MAPS = 50;
/** Bytes of a metric's JobSpec as JSON: it travels with each of its readings. */
export const MAX_JOB_BYTES = 32 * 1024;
/** Pods of one Job. */
export const MAX_JOB_PODS = 100;
/** Pods of one side. */
export const MAX_PODS = 1_000;
/** Routes of a router, and each of its lists. */
export const MAX_ROUTES = 50;
/** How far back a rollback window reaches. */
export const MAX_REVISIONS = 100;
/** Alternatives of one route, and headers of one alternative. */
export const MAX_MATCHES = 50;

export const MAX_STEPS = 200;
export const MAX_FLAG_RAMPS = 20;
export const MAX_WEBHOOKS = 10;
/** Requests a second, time on a side, and requests in all of a performance check: more is a load test's business. */
export const MAX_LOAD_RATE = 1_000;
export const MAX_LOAD_MS = 10 * 60_000;
export const MAX_LOAD_REQUESTS = 200_000;
/** Fewer are never judged: their 95th percentile is a matter of five requests. */
export const MIN_LOAD_REQUESTS = 100;
export const MAX_GATES = 50;
/** Requests of a gate that asks an HTTP endpoint, after the first. */
export const MAX_RETRIES = 10_000;
/** Of what such a gate, or a web metric, sends. */
export const MAX_BODY_CHARACTERS = 16_384;
export const MAX_METRICS = 50;
/** Values of one answer that a condition sees. */
export const MAX_SAMPLES = 10_000;
/** One wait. Longer ones are typing errors, and a year is what Temporal's timers are used for. */
export const MAX_DURATION_MS = 366 * 24 * 3_600_000;
/** A measurement more often than this loads Prometheus without telling more. */
export const MIN_INTERVAL_MS = 1_000;

import { z } from 'zod';
import type { ReleaseRule, Trigger, WorkflowRunRule } from '../configuration.ts';

/** What a delivery means. Whoever sent it reads `because`. */
export type Meaning =
  | { readonly verdict: 'start'; readonly because: string; readonly trigger: Trigger; readonly version: string }
  | { readonly verdict: 'ignored' | 'malformed' | 'unsigned' | 'stale'; readonly because: string };

export interface Delivery {
  /** `X-GitHub-Event`. */
  readonly event: string;
  /** The body, parsed. */
  readonly payload: unknown;
  /** Whose secret signed it. */
  readonly vouched: readonly Trigger[];
  /** All that there are. */
  readonly triggers: readonly Trigger[];
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** An image tag, as release files take it. */
const version = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/);
const repository = z.object({ full_name: z.string().max(201) });
const published = z.object({
  action: z.string().max(100),
  repository,
  release: z.object({
    tag_name: z.string().max(500),
    draft: z.boolean(),
    prerelease: z.boolean(),
    published_at: z.iso.datetime({ offset: true }).nullable(),
  }),
});
const run = z.object({
  action: z.string().max(100),
  repository,
  workflow_run: z.object({
    path: z.string().max(500),
    event: z.string().max(100),
    conclusion: z.string().max(100).nullable(),
    head_branch: z.string().max(500).nullable(),
    head_sha: z.string().regex(/^[0-9a-f]{40}([0-9a-f]{24})?$/),
    head_repository: repository.nullable(),
    updated_at: z.iso.datetime({ offset: true }),
  }),
});
const anything = z.object({ repository });

/** Decides what to do with a delivery whose signature is verified: pure, and the same for the same bytes. */
export function meaningOf(delivery: Delivery): Meaning {
  const { event, payload, vouched, triggers } = delivery;
  if (event === 'ping') return { verdict: 'ignored', because: 'pong: the signature is right' };
  if (event !== 'release' && event !== 'workflow_run') return ignored(`the event "${event}" starts nothing`);
  const about = anything.safeParse(payload);
  if (!about.success) return malformed(event, about.error);
  const name = about.data.repository.full_name;
  const isOf = (trigger: Trigger): boolean => trigger.repository.toLowerCase() === name.toLowerCase();
  const own = vouched.filter(isOf);
  if (own.length > 0) return event === 'release' ? release(delivery, own) : workflowRun(delivery, own);
  return triggers.some(isOf)
    ? { verdict: 'unsigned', because: `the secret that signed it is not one of ${name}` }
    : ignored(`no trigger is configured for ${name}`);
}

function release({ payload, now }: Delivery, own: readonly Trigger[]): Meaning {
  const parsed = published.safeParse(payload);
  if (!parsed.success) return malformed('release', parsed.error);
  const { action, release } = parsed.data;
  const trigger = own.find(({ on }) => on.release !== null);
  const rule = trigger?.on.release;
  if (!trigger || !rule) return ignored(`releases of ${parsed.data.repository.full_name} start nothing`);
  if (action !== 'published') return ignored(`the release is ${action}, not published`);
  if (release.draft || release.published_at === null) return ignored('the release is a draft');
  if (release.prerelease && !rule.prereleases) return ignored('the release is a pre-release');
  return start(trigger, tagged(release.tag_name, rule), release.published_at, now, `release ${release.tag_name}`);
}

function workflowRun({ payload, now }: Delivery, own: readonly Trigger[]): Meaning {
  const parsed = run.safeParse(payload);
  if (!parsed.success) return malformed('workflow_run', parsed.error);
  const { action, workflow_run: made, repository } = parsed.data;
  if (action !== 'completed') return ignored(`the run is ${action}, not completed`);
  if (made.conclusion !== 'success') return ignored(`the run ended with ${made.conclusion ?? 'nothing'}, not success`);
  // A fork's branch may have any name, also that of the protected one.
  if (made.head_repository?.full_name !== repository.full_name) return ignored('the run is of a fork');
  const candidates = own.filter(({ on }) => on.workflowRun !== null && pathOf(made.path) === on.workflowRun.workflow);
  if (candidates.length === 0) return ignored(`runs of ${pathOf(made.path)} start nothing`);
  const trigger = candidates.find(({ on }) => on.workflowRun?.branch === made.head_branch);
  const rule: WorkflowRunRule | null | undefined = trigger?.on.workflowRun;
  if (!trigger || !rule) return ignored(`the run is of branch ${made.head_branch}, which starts nothing`);
  if (!rule.events.includes(made.event)) return ignored(`the run was caused by ${made.event}, which starts nothing`);
  return start(trigger, made.head_sha, made.updated_at, now, `${rule.workflow} on ${rule.branch}`);
}

function start(trigger: Trigger, wanted: string, at: string, now: number, what: string): Meaning {
  const parsed = version.safeParse(wanted);
  if (!parsed.success) return { verdict: 'malformed', because: `"${wanted.slice(0, 130)}" is no version` };
  if (now - Date.parse(at) > trigger.maxAgeMs)
    return { verdict: 'stale', because: `it happened at ${at}, too long ago` };
  return { verdict: 'start', because: what, trigger, version: parsed.data };
}

function tagged(tag: string, { stripV }: ReleaseRule): string {
  return stripV ? tag.replace(/^v(?=\d)/, '') : tag;
}

/** GitHub may append the ref: `.github/workflows/ci.yml@refs/heads/main`. */
function pathOf(path: string): string {
  return path.split('@', 1)[0] ?? path;
}

function ignored(because: string): Meaning {
  return { verdict: 'ignored', because };
}

function malformed(event: string, { issues }: z.ZodError): Meaning {
  const [first] = issues;
  const where = first ? `${first.path.join('.') || 'the body'}: ${first.message}` : 'it has another shape';
  return { verdict: 'malformed', because: `this is no ${event} event: ${where}` };
}

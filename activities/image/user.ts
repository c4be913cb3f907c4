/** Where the parts of an image are read from; `null`: not there, or not to be had. */
export interface ImageParts {
  readonly manifest: (digest: string) => Promise<string | null>;
  readonly blob: (digest: string) => Promise<string | null>;
}

/** More platforms are not looked at; then the user is unknown. */
const MOST_PLATFORMS = 8;
const DIGEST = /^sha256:[0-9a-f]{64}$/;

/**
 * The user that an image's configuration names: empty where it names none, which is root. Of an index, what all of its
 * platforms agree on. `null` where it cannot be read, and where they do not agree.
 */
export async function userOf(manifest: string, parts: ImageParts): Promise<string | null> {
  try {
    const found = parse(manifest);
    if (!Array.isArray(found.manifests)) return await userOfOne(found, parts);
    const platforms = found.manifests.map(digestOfPlatform).filter((digest) => digest !== null);
    if (platforms.length > MOST_PLATFORMS) return null;
    const users = new Set<string | null>();
    for (const digest of platforms) {
      const one = await parts.manifest(digest);
      users.add(one === null ? null : await userOfOne(parse(one), parts));
    }
    const [user = null, ...others] = users;
    return others.length === 0 ? user : null;
  } catch {
    // What the image is, is known already; that its user is not is an answer of its own.
    return null;
  }
}

/** Builders keep attestations beside the images, as platform `unknown`. */
function digestOfPlatform(entry: unknown): string | null {
  const { digest, platform } = entry as { digest?: unknown; platform?: { os?: unknown } };
  return platform?.os === 'unknown' ? null : known(digest);
}

async function userOfOne(manifest: Record<string, unknown>, parts: ImageParts): Promise<string | null> {
  const text = await parts.blob(known((manifest.config as { digest?: unknown }).digest));
  if (text === null) return null;
  const { config } = parse(text) as { config?: { User?: unknown } | null };
  const user = config?.User ?? '';
  return typeof user === 'string' && user.length <= 256 ? user : null;
}

function known(digest: unknown): string {
  if (typeof digest === 'string' && DIGEST.test(digest)) return digest;
  throw new Error(`${JSON.stringify(digest)} is no digest`);
}

function parse(text: string): Record<string, unknown> {
  return JSON.parse(text) as Record<string, unknown>;
}

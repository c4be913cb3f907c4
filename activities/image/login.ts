import { z } from 'zod';
import { type Challenge, parseChallenges } from './challenge.ts';
import { ask, isRedirect, type Question, refused, silent } from './exchange.ts';
import { isLoopback, type Repository } from './repository.ts';
import { basic, type Credentials, type CredentialsOf } from './secrets.ts';

const MAX_ANSWER_BYTES = 64 * 1024;
/** What one may be asked for: to read one repository. Actions beyond that are never asked for. */
const PULL = /^repository(?:\([a-z0-9]+\))?:[A-Za-z0-9._/:-]{1,300}:pull$/;
/** As `Authorization` carries it (RFC 6750, 2.1). */
const BEARER = /^[A-Za-z0-9._~+/-]+=*$/;

/** The specification calls it `token`, OAuth2 `access_token`; where there are both they are the same. */
const answer = z.object({ token: z.string().optional(), access_token: z.string().optional() });

export interface LoginRequest {
  readonly repository: Repository;
  /** `WWW-Authenticate` of the registry's 401. */
  readonly challenge: string | undefined;
  readonly credentialsOf: CredentialsOf;
}

/** Secret: for the registry's own origin, and nobody else. */
export interface Login {
  readonly authorization: string;
  readonly isAnonymous: boolean;
}

/**
 * What a registry that has answered 401 lets in: a token of its token server, asked for with the worker's credentials or
 * anonymously (distribution.github.io/distribution/spec/auth/token), or the credentials themselves. Credentials go to the
 * registry's own origin and to the realm that it names, which is `https:`, or loopback where the image is `insecure`.
 *
 * @throws SHIPLOCK_REGISTRY_REFUSED, SHIPLOCK_REGISTRY_CREDENTIALS (not retried); SHIPLOCK_REGISTRY_UNREACHABLE (retried):
 * the token server gives no answer, or one that says nothing
 */
export async function login({ repository, challenge = '', credentialsOf }: LoginRequest): Promise<Login> {
  const challenges = parseChallenges(challenge) ?? [];
  const bearer = challenges.find(({ scheme, parameters }) => scheme === 'bearer' && parameters.has('realm'));
  if (bearer) {
    const realm = realmOf(bearer, repository);
    const credentials = await credentialsOf(repository.registry);
    const token = await askForToken({ realm, bearer, repository, credentials });
    return { authorization: `Bearer ${token}`, isAnonymous: credentials === null };
  }
  if (!challenges.some(({ scheme }) => scheme === 'basic')) {
    throw refused(
      `the registry ${repository.origin} asks for credentials (401) in no way that Shiplock knows`,
      "let it be read without, or leave out `build` and give the image's digest",
    );
  }
  const credentials = await credentialsOf(repository.registry);
  if (credentials?.kind !== 'password') throw notLetIn(repository, { status: 401, isAnonymous: credentials === null });
  return { authorization: basic(credentials), isAnonymous: false };
}

/** Why a registry, or its token server, has said no, and what a person does about it. */
export function notLetIn(
  { origin, path, registry }: Repository,
  { status, isAnonymous, by = `the registry ${origin}` }: { status: number; isAnonymous: boolean; by?: string },
) {
  if (isAnonymous) {
    return refused(
      `${by} asks for credentials (${status}), and this worker has none for ${registry}`,
      `\`docker login ${registry}\` as the worker's user, or leave out \`build\` and give the image's digest`,
    );
  }
  return refused(
    `${by} does not take the credentials that this worker has for ${registry}, or not for ${path} (${status})`,
    `\`docker login ${registry}\` as somebody who may pull it`,
  );
}

/** Where tokens are asked for: credentials go there, so it is as safe as the registry itself has to be. */
function realmOf({ parameters }: Challenge, { origin, insecure }: Repository): URL {
  const realm = URL.parse(parameters.get('realm') ?? '');
  const isSafe = realm?.protocol === 'https:' || (realm?.protocol === 'http:' && insecure && isLoopback(realm.host));
  if (realm && isSafe && !realm.username && !realm.password) return realm;
  throw refused(
    `the registry ${origin} names a token server that is not asked: ${realm ? realm.origin : 'no address'}`,
    'its realm has to be an `https:` address without credentials',
  );
}

async function askForToken(request: {
  realm: URL;
  bearer: Challenge;
  repository: Repository;
  credentials: Credentials | null;
}): Promise<string> {
  const { realm, bearer, repository, credentials } = request;
  const asked = bearer.parameters.get('scope') ?? '';
  const scope = PULL.test(asked) ? asked : `repository:${repository.path}:pull`;
  const wanted = { service: bearer.parameters.get('service') ?? '', scope };
  const who = `the token server ${realm.origin} of ${repository.registry}`;
  const { url, question } = toAsk(realm, wanted, credentials);
  const said = await ask(who, url, question);
  if (said.status === 200) return tokenIn(said.body, who);
  if (isRedirect(said)) {
    throw refused(
      `${who} sends elsewhere (${said.status}), which is not followed`,
      'let the registry name the right one',
    );
  }
  if (said.status === 401 || said.status === 403) {
    throw notLetIn(repository, { status: said.status, isAnonymous: credentials === null, by: who });
  }
  if (said.status >= 400 && said.status < 500 && said.status !== 429) {
    const what = credentials?.kind === 'identity' ? 'an identity token' : scope;
    throw refused(`${who} answers ${said.status} to ${what}`, "log in with a password, or give the image's digest");
  }
  throw silent(`${who} answers ${said.status}`);
}

/** A GET, with the password where there is one; identity tokens are posted, as OAuth2 has it. */
function toAsk(
  realm: URL,
  wanted: Readonly<Record<'service' | 'scope', string>>,
  credentials: Credentials | null,
): { url: URL; question: Question } {
  const question = { accept: 'application/json', maxBytes: MAX_ANSWER_BYTES };
  if (credentials?.kind === 'identity') {
    const grant = { grant_type: 'refresh_token', refresh_token: credentials.token, client_id: 'shiplock' };
    return { url: realm, question: { ...question, form: new URLSearchParams({ ...grant, ...wanted }) } };
  }
  const url = new URL(realm);
  for (const [name, value] of Object.entries(wanted)) if (value) url.searchParams.set(name, value);
  return { url, question: { ...question, authorization: credentials && basic(credentials) } };
}

/** The answer is as secret as the token, so nothing of it is quoted. */
function tokenIn(body: Buffer, who: string): string {
  try {
    const { token, access_token } = answer.parse(JSON.parse(body.toString('utf8')));
    const found = token || access_token || '';
    if (BEARER.test(found)) return found;
  } catch {
    // Said below, without the words of a parser, which quote what they read.
  }
  throw silent(`${who} answers no token`);
}

/** What can be said of any metric provider. Pure: the workflow uses it, too. */
import { jobText, withJobTexts } from './job-spec.ts';
import type { AuthText, HttpHeader, JobCommand, KubernetesJob, Provider } from './plan.ts';

/** A job answers by how it ends, where the others answer a value. */
export const isJob = (provider: Provider): provider is JobCommand | KubernetesJob =>
  provider.kind === 'job' || provider.kind === 'kubernetesJob';

/** What it asks, for people: the query, the method and address, the command. It never holds a secret. */
export function queryText(provider: Provider): string {
  switch (provider.kind) {
    case 'prometheus':
      return provider.query;
    case 'web':
      return `${provider.method} ${provider.url}${provider.jsonPath === '{$}' ? '' : ` ${provider.jsonPath}`}`;
    case 'datadog': {
      const queries = Object.entries(provider.queries);
      if (provider.formula === undefined) return queries.map(([, query]) => query).join(', ');
      return `${provider.formula} of ${queries.map(([name, query]) => `${name} = ${query}`).join(', ')}`;
    }
    case 'job':
      return provider.command.join(' ');
    case 'kubernetesJob':
      return jobText(provider);
    default:
      return provider satisfies never;
  }
}

/** Where it is asked, as the plan has it; `null`: a job asks nobody. */
export function addressOf(provider: Provider): string | null {
  switch (provider.kind) {
    case 'prometheus':
    case 'datadog':
      return provider.address;
    case 'web':
      return provider.url;
    case 'job':
    case 'kubernetesJob':
      return null;
    default:
      return provider satisfies never;
  }
}

/** The provider asked elsewhere; a job asks nobody. */
export function withAddress<P extends Provider>(provider: P, address: string): P;
export function withAddress(provider: Provider, address: string): Provider {
  switch (provider.kind) {
    case 'prometheus':
    case 'datadog':
      return { ...provider, address };
    case 'web':
      return { ...provider, url: address };
    case 'job':
    case 'kubernetesJob':
      return provider;
    default:
      return provider satisfies never;
  }
}

/** The provider with every text replaced that a release may fill; whom it asks stays as it is. */
export function withTexts<P extends Provider>(provider: P, replace: (text: string) => string): P;
export function withTexts(provider: Provider, replace: (text: string) => string): Provider {
  switch (provider.kind) {
    case 'prometheus':
      return {
        ...provider,
        query: replace(provider.query),
        ...(provider.headers && { headers: mapHeaders(provider.headers, replace) }),
      };
    case 'web':
      return {
        ...provider,
        url: replaceBelowHost(provider.url, replace),
        headers: mapHeaders(provider.headers, replace),
        ...(provider.body === undefined ? {} : { body: replace(provider.body) }),
      };
    case 'datadog':
      return {
        ...provider,
        queries: mapValues(provider.queries, replace),
        ...(provider.formula === undefined ? {} : { formula: replace(provider.formula) }),
      };
    case 'job':
      return {
        ...provider,
        command: provider.command.map(replace),
        environment: mapValues(provider.environment, replace),
      };
    case 'kubernetesJob':
      return withJobTexts(provider, replace);
    default:
      return provider satisfies never;
  }
}

/** The provider with every text of its own authentication replaced; nothing else of it may hold a secret. */
export function withAuth<P extends Provider>(provider: P, replace: (text: AuthText) => string): P;
export function withAuth(provider: Provider, replace: (text: AuthText) => string): Provider {
  switch (provider.kind) {
    case 'prometheus': {
      const { headers, basicAuth } = provider;
      return {
        ...provider,
        ...(headers && { headers: mapHeaders(headers, replace) }),
        ...(basicAuth && {
          basicAuth: { username: replace(basicAuth.username), password: replace(basicAuth.password) },
        }),
      };
    }
    case 'web':
      return { ...provider, headers: mapHeaders(provider.headers, replace) };
    case 'datadog':
      return { ...provider, apiKey: replace(provider.apiKey), appKey: replace(provider.appKey) };
    case 'job':
    case 'kubernetesJob':
      return provider;
    default:
      return provider satisfies never;
  }
}

const SECRET = /\{\{secret\.([^{}/]+\/[^{}/]+)\}\}/g;

/** How an `AuthText` names a secret. @example secretText('prometheus', 'token') // '{{secret.prometheus/token}}' */
export const secretText = (name: string, key: string): AuthText => `{{secret.${name}/${key}}}`;

/** The secrets that a text names, each `NAME/KEY`. @example secretsIn('Bearer {{secret.a/b}}') // ['a/b'] */
export function secretsIn(text: string): string[] {
  return [...text.matchAll(SECRET)].map(([, secret = '']) => secret);
}

/** The text with its secrets filled in. */
export function fillSecrets(text: AuthText, filled: (secret: string) => string): string {
  return text.replace(SECRET, (_, secret: string) => filled(secret));
}

/** The secrets that a provider needs, each once. */
export function secretsOf(provider: Provider): string[] {
  const found = new Set<string>();
  withAuth(provider, (text) => {
    for (const secret of secretsIn(text)) found.add(secret);
    return text;
  });
  return [...found];
}

/** Who is asked does not depend on what a release fills in. */
function replaceBelowHost(url: string, replace: (text: string) => string): string {
  const [origin = ''] = /^https?:\/\/[^/?#]*/i.exec(url) ?? [];
  return `${origin}${replace(url.slice(origin.length))}`;
}

const mapHeaders = (headers: readonly HttpHeader[], replace: (text: string) => string): readonly HttpHeader[] =>
  headers.map(({ key, value }) => ({ key, value: replace(value) }));

function mapValues(
  values: Readonly<Record<string, string>>,
  replace: (text: string) => string,
): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, replace(value)]));
}

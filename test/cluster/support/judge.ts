/** A web endpoint that AnalysisTemplates ask; what it answers is changed by the test. */
import { loopbackServers } from '../../e2e/support/loopback.ts';

export interface Judge {
  readonly url: string;
  /** What it says from now on. */
  says(answer: object): void;
  /** How often it was asked. */
  asked(): number;
  close(): void;
}

export async function openJudge(first: object): Promise<Judge> {
  const servers = loopbackServers();
  let answer = first;
  let asked = 0;
  const url = await servers.serve((_, response) => {
    asked += 1;
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  });
  return {
    url,
    says(next) {
      answer = next;
    },
    asked: () => asked,
    close: servers.stop,
  };
}

/** An AnalysisTemplate that asks it: one metric for each of these, with Argo's fields. */
export function asking(
  name: string,
  url: string,
  ...metrics: readonly { readonly name: string; readonly [field: string]: unknown }[]
) {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'AnalysisTemplate',
    metadata: { name },
    spec: { metrics: metrics.map((metric) => ({ ...metric, provider: { web: { url, jsonPath: '{$}' } } })) },
  };
}

import type { KubernetesClient } from '../client.ts';
import type { ResourceType } from '../types.ts';

const SELF: ResourceType = {
  apiVersion: 'authentication.k8s.io/v1',
  kind: 'SelfSubjectReview',
  plural: 'selfsubjectreviews',
};

/** The user that the API server takes the client for. */
export async function whoIs(client: KubernetesClient): Promise<string> {
  const body = { apiVersion: SELF.apiVersion, kind: SELF.kind };
  const review = await client.post<{ status?: { userInfo?: { username?: string } } }>(SELF, {}, body);
  return review.status?.userInfo?.username ?? 'the worker';
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Answer, type Attempted, type Refusal, refusalOf } from '../../activities/kubernetes/refusal.ts';

const ATTEMPTED: Attempted = {
  cluster: 'prod',
  verb: 'patch',
  resource: 'replicasets.apps',
  namespace: 'shop',
  name: 'api-1',
};

/** A status as kube-apiserver 1.37 sends it. */
function status(code: number, reason: string | undefined, message: string, details: object = {}): Answer {
  const text = JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', message, reason, details, code });
  return { status: code, contentType: 'application/json', retryAfter: null, text };
}

const rows: readonly [string, Answer, Pick<Refusal, 'code' | 'retry'> & { afterMs?: number; says: RegExp }][] = [
  [
    'RBAC',
    status(403, 'Forbidden', 'replicasets.apps "api-1" is forbidden: User "shiplock" cannot patch resource', {
      name: 'api-1',
    }),
    {
      code: 'SHIPLOCK_KUBERNETES_FORBIDDEN',
      retry: 'never',
      says: /may not patch replicasets\.apps in namespace shop of cluster prod: .*User "shiplock"/,
    },
  ],
  [
    'a quota',
    status(
      403,
      'Forbidden',
      'pods "x" is forbidden: exceeded quota: compute, requested: pods=1, used: pods=4, limited: pods=4',
    ),
    { code: 'SHIPLOCK_KUBERNETES_QUOTA', retry: 'later', says: /exceeded quota: compute/ },
  ],
  [
    'a namespace that goes',
    status(
      403,
      'Forbidden',
      'configmaps "x" is forbidden: unable to create new content in namespace shop because it is being terminated',
    ),
    { code: 'SHIPLOCK_KUBERNETES_NOT_FOUND', retry: 'later', says: /being terminated/ },
  ],
  [
    'a webhook that denies',
    status(403, undefined, 'admission webhook "policy.example.com" denied the request: no latest tags'),
    { code: 'SHIPLOCK_KUBERNETES_ADMISSION_DENIED', retry: 'never', says: /no latest tags/ },
  ],
  [
    'a webhook that denies with a status of its own',
    status(400, 'BadRequest', 'admission webhook "policy.example.com" denied the request without explanation'),
    { code: 'SHIPLOCK_KUBERNETES_ADMISSION_DENIED', retry: 'never', says: /without explanation/ },
  ],
  [
    'a policy that denies',
    status(
      422,
      'Invalid',
      `replicasets.apps "api-1" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: too many`,
    ),
    { code: 'SHIPLOCK_KUBERNETES_ADMISSION_DENIED', retry: 'never', says: /too many/ },
  ],
  [
    'a webhook that does not answer',
    status(
      500,
      'InternalError',
      'Internal error occurred: failed calling webhook "policy.example.com": context deadline exceeded',
    ),
    { code: 'SHIPLOCK_KUBERNETES_ADMISSION_SILENT', retry: 'later', says: /failed calling webhook "policy/ },
  ],
  [
    'an object that is not there',
    status(404, 'NotFound', 'replicasets.apps "api-1" not found', {
      name: 'api-1',
      group: 'apps',
      kind: 'replicasets',
    }),
    { code: 'SHIPLOCK_KUBERNETES_NOT_FOUND', retry: 'later', says: /"api-1" not found/ },
  ],
  [
    'a kind that is not there',
    { status: 404, contentType: 'text/plain; charset=utf-8', retryAfter: null, text: '404 page not found\n' },
    { code: 'SHIPLOCK_KUBERNETES_NO_SUCH_API', retry: 'never', says: /cluster prod does not serve replicasets\.apps/ },
  ],
  [
    'a resource that is not there',
    status(404, 'NotFound', 'the server could not find the requested resource', {}),
    { code: 'SHIPLOCK_KUBERNETES_NO_SUCH_API', retry: 'never', says: /does not serve/ },
  ],
  [
    'a conflict of versions',
    status(409, 'Conflict', 'Operation cannot be fulfilled: the object has been modified'),
    { code: 'SHIPLOCK_KUBERNETES_CONFLICT', retry: 'later', says: /modified/ },
  ],
  [
    "somebody else's field",
    status(409, 'Conflict', 'Apply failed with 1 conflict: conflict with "helm" using v1', {
      causes: [{ reason: 'FieldManagerConflict', message: 'conflict with "helm" using v1', field: '.spec.replicas' }],
    }),
    { code: 'SHIPLOCK_KUBERNETES_FIELD_OWNED', retry: 'never', says: /\.spec\.replicas: conflict with "helm"/ },
  ],
  [
    'what cannot be',
    status(422, 'Invalid', 'spec.replicas: Invalid value: -1'),
    { code: 'SHIPLOCK_KUBERNETES_INVALID', retry: 'never', says: /Invalid value: -1/ },
  ],
  [
    'too many requests, by the status',
    status(429, 'TooManyRequests', 'the server has received too many requests', { retryAfterSeconds: 7 }),
    { code: 'SHIPLOCK_KUBERNETES_BUSY', retry: 'later', afterMs: 7_000, says: /too many requests/ },
  ],
  [
    'too many requests, by the header',
    { status: 429, contentType: 'text/plain', retryAfter: 2, text: 'Too many requests, please try again later.' },
    { code: 'SHIPLOCK_KUBERNETES_BUSY', retry: 'later', afterMs: 2_000, says: /try again later/ },
  ],
  [
    'too many requests, for an hour',
    { status: 429, contentType: 'text/plain', retryAfter: 3_600, text: 'later' },
    { code: 'SHIPLOCK_KUBERNETES_BUSY', retry: 'later', afterMs: 30_000, says: /later/ },
  ],
  [
    'a pod that its PodDisruptionBudget protects',
    status(429, 'TooManyRequests', "Cannot evict pod as it would violate the pod's disruption budget.", {
      causes: [
        { reason: 'DisruptionBudget', message: 'The disruption budget web needs 4 healthy pods and has 4 currently' },
      ],
    }),
    {
      code: 'SHIPLOCK_KUBERNETES_DISRUPTION_BUDGET',
      retry: 'later',
      says: /Cannot evict pod.*budget\. \(The disruption budget web needs 4 healthy pods/,
    },
  ],
  [
    'a server that is not well',
    status(500, 'InternalError', 'etcdserver: leader changed'),
    { code: 'SHIPLOCK_KUBERNETES_UNAVAILABLE', retry: 'later', says: /leader changed/ },
  ],
  [
    'a proxy that has no server',
    { status: 503, contentType: 'text/html', retryAfter: null, text: '<html>\n<b>Service   Unavailable</b>' },
    { code: 'SHIPLOCK_KUBERNETES_UNAVAILABLE', retry: 'later', says: /<html> <b>Service Unavailable/ },
  ],
  [
    'unknown credentials',
    status(401, 'Unauthorized', 'Unauthorized'),
    { code: 'SHIPLOCK_KUBERNETES_CREDENTIALS', retry: 'later', says: /does not know the worker/ },
  ],
  [
    'a redirect',
    { status: 302, contentType: 'text/html', retryAfter: null, text: '' },
    { code: 'SHIPLOCK_KUBERNETES_ANSWER', retry: 'later', says: /status 302/ },
  ],
];

for (const [name, answer, { says, ...expected }] of rows) {
  test(`${name} is ${expected.code}, tried again ${expected.retry}`, () => {
    const { code, retry, afterMs, message } = refusalOf(answer, ATTEMPTED);
    assert.deepEqual({ code, retry, ...(afterMs !== undefined && { afterMs }) }, expected);
    assert.match(message, says);
  });
}

test('what a server says is quoted on one line, and not endlessly', () => {
  const { message } = refusalOf(
    { status: 500, contentType: '', retryAfter: null, text: 'x\n'.repeat(5_000) },
    ATTEMPTED,
  );
  assert.ok(message.length < 700 && !message.includes('\n'), `${message.length} characters`);
});

test('a refusal of RBAC names the command that lists what is needed', () => {
  assert.match(refusalOf(status(403, 'Forbidden', 'no'), ATTEMPTED).mend ?? '', /shiplock doctor/);
});

/** A `Stage` of kwok's: an object that its selector matches gets, after the delay, what `next` says. */
export interface Stage {
  readonly apiVersion: 'kwok.x-k8s.io/v1alpha1';
  readonly kind: 'Stage';
  readonly metadata: { readonly name: string };
  readonly spec: Readonly<Record<string, unknown>>;
}

export interface StageOptions {
  readonly kind: 'Node' | 'Pod';
  readonly name: string;
  /** In jq, of the object: all must hold. Several stages that match at once would be drawn by lot. */
  readonly when: readonly string[];
  /** An annotation that holds the delay, and the delay without it. */
  readonly delay?: { readonly annotation?: string; readonly milliseconds: number };
  readonly event?: { readonly type: 'Normal' | 'Warning'; readonly reason: string; readonly message: string };
  /** A Go template of the new status, or the object's end. */
  readonly status: string | 'delete';
}

export function stage({ kind, name, when, delay, event, status }: StageOptions): Stage {
  const from = delay?.annotation && {
    durationFrom: { expressionFrom: `.metadata.annotations["${delay.annotation}"]` },
  };
  return {
    apiVersion: 'kwok.x-k8s.io/v1alpha1',
    kind: 'Stage',
    metadata: { name },
    spec: {
      resourceRef: { apiGroup: 'v1', kind },
      selector: { matchExpressions: when.map((key) => ({ key, operator: 'In', values: ['true'] })) },
      ...(delay && { delay: { durationMilliseconds: delay.milliseconds, ...from } }),
      next: { ...(event && { event }), ...(status === 'delete' ? { delete: true } : { statusTemplate: status }) },
    },
  };
}

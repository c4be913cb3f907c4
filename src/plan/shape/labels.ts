/** Kubernetes' labels and annotations (apimachinery `validation.go`: qualified names and label values). */
import { z } from 'zod';

const NAME = '[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?';
/** With or without a prefix: `app`, `app.kubernetes.io/name`. */
export const LABEL_KEY = new RegExp(`^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?${NAME}$`);
export const LABEL_VALUE = new RegExp(`^(${NAME})?$`);

/** Labels and annotations under this prefix are the engine's own. */
const OWN_PREFIX = 'shiplock.dev/';
/** Those of Kubernetes' Deployments and of Argo's controller, which tell revisions apart as the engine's own do. */
const HASHES = ['pod-template-hash', 'rollouts-pod-template-hash'];

export const isOwnLabel = (label: string): boolean => label.startsWith(OWN_PREFIX) || HASHES.includes(label);

const key = () => z.string().regex(LABEL_KEY, 'the name of a label, for example app or app.kubernetes.io/name');
const MAX = 100;
const few = (value: object) => Object.keys(value).length <= MAX;

export const labels = () =>
  z
    .record(key(), z.string().regex(LABEL_VALUE, 'text of a label: letters, digits, -, _ and ., at most 63'))
    .refine(few, `at most ${MAX} labels`);

export const annotations = () => z.record(key(), z.string().max(16_384)).refine(few, `at most ${MAX} annotations`);

/** A small client for arranging and asserting: the very JSON of the API server, over a kubeconfig's context. */
export { type Answer, type Api, type AskOptions, connectApi, Refused } from './api.ts';
export { type Following, followObject } from './follow.ts';
export { type ClusterObject, type Objects, objectsOf, type PatchKind } from './objects.ts';
export { until } from './until.ts';

export { BRIEF_CHANGES, CHANGES, FEWER_PODS, WITHOUT_IMAGE } from './shipped.ts';
export { type ClusterStage, openClusterStage } from './stage.ts';

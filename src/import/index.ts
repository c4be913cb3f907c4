/** What other tools' manifests become: release files of Shiplock, and what they point at. */
export { type DeploymentRequest, importDeployment, type RunningDeployment } from './deployment/index.ts';
export { type FlaggerRequest, importFlagger } from './flagger/index.ts';
export { providerFrom } from './flagger/provider.ts';
export { grouped, type Imported, type MadeFile, type Note } from './ledger.ts';
export { importRollout, type RolloutRequest } from './rollout/index.ts';

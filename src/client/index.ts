/** The typed client: `connectShiplock`, and the shapes it speaks in. */
export { type ConnectOptions, connectShiplock, type Shiplock, speak } from './connect.ts';
export type { Chain, Execution } from './execution.ts';
export type { Place, TurnOptions } from './lane.ts';
export type { ListOptions } from './list.ts';
export { hasEnded, type Sighting, type WatchOptions } from './observe.ts';
export { DEFAULT_WAIT_MS, resultOf, type WaitOptions, type WaitResult } from './outcome.ts';
export { type CompiledPlan, compilePlan, type PlanOptions, planProblems } from './plan.ts';
export type { RestartManner, RestartOptions, RestartStarted } from './restart.ts';
export type { RestartSighting, RestartWaitOptions } from './restart-sight.ts';
export type { SendOptions } from './send.ts';
export type { Session } from './session.ts';
export type { IfBusy, Started, StartManner, StartOptions } from './start.ts';
export type { ConnectionSource, TargetOptions } from './target.ts';

/** Signed deliveries from outside that start releases: `shiplock serve`. */
export { readTriggers, type Trigger } from './configuration.ts';
export { githubReceiver } from './github/receive.ts';
export { type ServeOptions, type Serving, serve } from './server.ts';
export { type Begun, starter, type Wanted } from './start.ts';

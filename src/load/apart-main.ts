/** The thread of `loadApart`: one load, one message with its counts. */
import { parentPort, workerData } from 'node:worker_threads';
import { loadInTurns, type TurnsOptions } from './turns.ts';

parentPort?.postMessage(await loadInTurns(workerData as TurnsOptions));

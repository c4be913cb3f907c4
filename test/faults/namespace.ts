/** A namespace of Temporal, which workers of another one take no work of. */
import { setTimeout as delay } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { type Shiplock, speak } from '../../src/client/index.ts';
import { TASK_QUEUE } from '../../workflows/messages.ts';

export interface Namespace {
  readonly client: Client;
  readonly shiplock: Shiplock;
  close(): Promise<void>;
}

const NAMESPACE_WAIT_MS = 30_000;

export async function openNamespace(address: string, namespace: string): Promise<Namespace> {
  const connection = await Connection.connect({ address });
  await registerNamespace(connection, namespace);
  const client = new Client({ connection, namespace, identity: 'faults' });
  const session = { client, address, namespace, source: 'configuration', identity: 'faults' } as const;
  return {
    client,
    shiplock: speak({ ...session, taskQueue: TASK_QUEUE }),
    close: () => connection.close().catch(() => undefined),
  };
}

/** A new namespace is known to all of a server's parts only after a moment. */
async function registerNamespace({ workflowService }: Connection, namespace: string): Promise<void> {
  await workflowService.registerNamespace({ namespace, workflowExecutionRetentionPeriod: msToTs('1d') });
  const deadline = Date.now() + NAMESPACE_WAIT_MS;
  for (;;) {
    try {
      await workflowService.listWorkflowExecutions({ namespace, pageSize: 1 });
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await delay(100);
    }
  }
}

/** A namespace of Temporal, which workers of another one take no work of. */
import { setTimeout as delay } from 'node:timers/promises';
import { Client, type Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { openConnection } from '../../src/client/connection.ts';
import { type Shiplock, speak } from '../../src/client/index.ts';
import { TASK_QUEUE } from '../../workflows/messages.ts';

export interface Namespace {
  readonly client: Client;
  readonly shiplock: Shiplock;
  close(): Promise<void>;
}

const NAMESPACE_WAIT_MS = 120_000;

export async function openNamespace(address: string, namespace: string): Promise<Namespace> {
  const connection = await openConnection({ address });
  try {
    await registerNamespace(connection, namespace);
  } catch (error) {
    await connection.close();
    throw error;
  }
  const client = new Client({ connection, namespace, identity: 'faults' });
  const session = { client, address, namespace, source: 'configuration', identity: 'faults' } as const;
  return {
    client,
    shiplock: speak({ ...session, taskQueue: TASK_QUEUE }),
    close: () => connection.close(),
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

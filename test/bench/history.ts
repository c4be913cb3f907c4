/** How long the history of the whole CredLink plan is, under a clock that skips. */
import proto from '@temporalio/proto';
import { withWorld } from '../workflow/environment.ts';
import { automatic, credlinkPlan } from '../workflow/plans.ts';
import { createWorld } from '../workflow/world.ts';
import type { Figure } from './figure.ts';

export async function measureHistory(): Promise<Figure[]> {
  return withWorld(createWorld({ canaryVersion: '1.1.0' }), async ({ start }) => {
    const handle = await start(automatic(credlinkPlan()));
    await handle.result();
    const { events = [] } = await handle.fetchHistory();
    const bytes = proto.temporal.api.history.v1.History.encode({ events }).finish().length;
    const how = 'the whole plan of 40 minutes of ramp and 10 of window, under a clock that skips';
    return [
      { name: 'events of the CredLink plan', value: events?.length ?? 0, unit: '', aim: 400, how },
      { name: 'bytes of its history', value: bytes, unit: 'B', aim: null, how },
    ];
  });
}

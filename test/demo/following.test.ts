import { describe, expect, test } from 'vitest';
import type { Slipway } from '../../src/client/slipway.ts';
import { emptyLane, type LaneState } from '../../src/contract/lane.ts';
import { laneHeld, orderAfter } from '../../src/demo/following.ts';

const TARGET = 'shop/storefront';
const LANE = emptyLane({ environment: 'shop', component: 'storefront' });
const HELD: LaneState = {
  ...LANE,
  hold: { by: 'slipway', reason: 'it rolled back', since: '2026-11-25T10:00:00.000Z' },
};
const ORDER = { requestId: 'one', target: TARGET, deploymentId: 'shop/storefront/8' };
const { signal } = new AbortController();

/** A lane that shows one state after another, and the last one from then on. */
function showing(...states: readonly (LaneState | null)[]): Slipway {
  let looks = 0;
  const lane = async () => states[Math.min(looks++, states.length - 1)] ?? null;
  return { lane } as Partial<Slipway> as Slipway;
}

function remembering(...requestIds: readonly string[]): LaneState {
  return { ...LANE, recent: requestIds.map((requestId) => ({ requestId, content: '', deploymentId: null })) };
}

describe('what a lane does by itself', () => {
  test('is the next order that it took, whenever that comes', async () => {
    const slipway = showing(null, remembering('none', 'one'), remembering('none', 'one', 'watch:8'));
    expect(await orderAfter(slipway, ORDER, signal)).toEqual({
      requestId: 'watch:8',
      target: TARGET,
      deploymentId: null,
    });
  });

  test('is nothing when no order comes in time', async () => {
    expect(await orderAfter(showing(remembering('none', 'one')), ORDER, signal, 0)).toBeNull();
  });

  test('is not taken from orders before it, nor from a lane that does not know it yet', async () => {
    expect(await orderAfter(showing(remembering('none')), ORDER, signal, 0)).toBeNull();
  });

  test('leaves the lane held a moment after the record', async () => {
    expect((await laneHeld(showing(LANE, LANE, HELD), TARGET, signal)).hold?.by).toBe('slipway');
  });

  test('is given up with the signal', async () => {
    const abort = new AbortController();
    const waiting = orderAfter(showing(remembering('one')), ORDER, abort.signal);
    abort.abort();
    await expect(waiting).rejects.toThrow(/abort/i);
  });
});

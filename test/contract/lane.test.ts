import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LaneFacts } from '../../src/contract/activities.ts';
import {
  answerTo,
  degradationOrder,
  emptyLane,
  isOvertaken,
  isStarting,
  nextOrder,
  recovered,
  started,
  starting,
  submitted,
  unwatched,
  whyRefused,
  type LaneState,
} from '../../src/contract/lane.ts';
import { isSameOrder, type Order } from '../../src/contract/order.ts';
import { happenings, World } from './lane-model.ts';

const TARGET = { environment: 'staging', component: 'web' };
const NOW = '2026-11-23T12:00:00.000Z';

/** Of at least 80 steps each: more than 100,000 steps for all that always holds. */
const RUNS = 150;

type AlwaysHolds = [sentence: string, holds: (world: World) => boolean];

describe('whatever happens to a lane, in whatever order', () => {
  test.for<AlwaysHolds>([
    [
      'one deployment runs at a time, and the lane waits for that one or starts the next',
      ({ taken, lane }) => {
        const open = taken.filter((deployment) => !deployment.ended);
        if (open.length === 0) return lane.running === null || lane.running.n === taken.length + 1;
        return open.length === 1 && lane.running?.n === open[0]?.n;
      },
    ],
    [
      'numbers have no gaps, and no number stands for two deployments',
      ({ taken }) => taken.every(({ n }, index) => n === index + 1),
    ],
    [
      'a request gets one number at most',
      ({ taken }) => new Set(taken.map(({ order }) => order.requestId)).size === taken.length,
    ],
    [
      'an order that was taken out of the queue gets none',
      ({ taken, withdrawn }) => {
        const ids = new Set(withdrawn.map(({ requestId }) => requestId));
        return !taken.some(({ order }) => ids.has(order.requestId));
      },
    ],
    [
      'an order that was accepted is queued, runs, has run, or was taken out: none is lost, and none is in two places',
      ({ asked, taken, withdrawn, lane }) => {
        const places = [...lane.queue, ...taken].map(({ order }) => order.requestId);
        places.push(...withdrawn.map(({ requestId }) => requestId));
        const found = new Set(places);
        return found.size === places.length && asked.every(({ requestId }) => found.has(requestId));
      },
    ],
    [
      'ordinary orders wait in the order of asking',
      ({ asked, lane }) => {
        const waiting = lane.queue.flatMap(({ order }) => (order.kind === 'deploy' ? [order.requestId] : []));
        const expected = asked.map(({ requestId }) => requestId).filter((requestId) => waiting.includes(requestId));
        return waiting.join() === expected.join();
      },
    ],
    [
      'no ordinary order starts before one that was asked for earlier, while a rollback waits, or under a hold',
      ({ lastStart }) => {
        if (lastStart === null || lastStart.order.kind === 'rollback') return true;
        const { hold, queue } = lastStart.before;
        return (
          hold === null && queue[0]?.order === lastStart.order && queue.every(({ order }) => order.kind === 'deploy')
        );
      },
    ],
    [
      'a lane that is free starts whatever may start',
      ({ lane }) => {
        const waits = lane.queue.some(({ order }) => lane.hold === null || order.kind === 'rollback');
        return (nextOrder(lane) !== null) === (lane.running === null && waits);
      },
    ],
    [
      'every request that waits is told its place, and every one that was taken its number',
      ({ lane, taken }) =>
        lane.queue.every(({ order: { requestId } }, index) => {
          const { deploymentId, position } = answerTo(lane, requestId);
          return deploymentId === null && position === index + 1;
        }) && taken.every(({ n, order }) => answerTo(lane, order.requestId).deploymentId === `staging/web/${n}`),
    ],
  ])('%s', ([, holds]) => {
    const property = fc.property(happenings, (all) => {
      const world = new World();
      return all.every((happening) => {
        world.do(happening);
        return holds(world);
      });
    });
    expect(() => fc.assert(property, { numRuns: RUNS })).not.toThrow();
  });
});

describe('a lane', () => {
  const order = (requestId: string, change = 'CHG-1042'): Order => {
    const revision = 'f'.repeat(40);
    return { kind: 'deploy', requestId, target: TARGET, by: 'ada', change, source: 'shop', revision };
  };
  const withOrders = (...requestIds: string[]): LaneState =>
    requestIds.reduce((state, requestId) => submitted(state, order(requestId), NOW), emptyLane(TARGET));

  test('says why it refuses a request id that stands for other content', () => {
    const lane = withOrders('one');
    expect(whyRefused(lane, order('one'))).toBeNull();
    expect(whyRefused(lane, order('two', 'CHG-2000'))).toBeNull();
    expect(whyRefused(lane, order('one', 'CHG-2000'))).toMatch(
      /request id one was used for another order \(queued\).*new id/,
    );
  });

  test('tells no number before Temporal has taken it', () => {
    const waiting = withOrders('one', 'two');
    const on = starting(waiting, order('one'), NOW);
    expect(answerTo(on, 'one').deploymentId).toBeNull();
    expect(isStarting(on, 'one')).toBe(true);
    expect(isStarting(on, 'two')).toBe(false);

    const taken = started(on);
    expect(answerTo(taken, 'one')).toMatchObject({ deploymentId: 'staging/web/1', position: 0 });
    expect(isStarting(taken, 'one')).toBe(false);
    expect(taken.queue).toHaveLength(1);
  });

  test('remembers 500 requests, and every one that waits however many pass it', () => {
    let lane: LaneState = { ...withOrders('waits'), hold: { by: 'bob', reason: 'so', since: NOW } };
    for (let n = 1; n <= 600; n++) {
      const rollback: Order = {
        kind: 'rollback',
        requestId: `back ${n}`,
        target: TARGET,
        by: 'ada',
        reason: 'so',
        version: null,
      };
      lane = { ...started(starting(submitted(lane, rollback, NOW), rollback, NOW)), running: null };
    }
    expect(lane.recent).toHaveLength(500);
    expect(submitted(lane, order('waits'), NOW).queue).toHaveLength(1);
    expect(answerTo(lane, 'back 600').deploymentId).toBe('staging/web/600');
    expect(answerTo(lane, 'back 1').deploymentId).toBeNull();
  });

  test('that begins cold knows what the store knows, and keeps what waits', () => {
    const facts: LaneFacts = {
      live: null,
      knownHealthy: null,
      generation: 7,
      hold: { by: 'bob', reason: 'so', since: NOW },
      n: 4,
      recent: [{ requestId: 'one', content: 'any', deploymentId: 'staging/web/4' }],
      unfinished: [],
    };
    const lane = recovered(withOrders('one', 'two'), facts);
    expect(lane).toMatchObject({ n: 4, generation: 7, hold: facts.hold });
    expect(lane.queue.map((queued) => queued.order.requestId)).toEqual(['two']); // one was carried out already
    expect(answerTo(lane, 'one')).toMatchObject({ deploymentId: 'staging/web/4', position: 0 });
  });
});

describe('a live release that degraded', () => {
  const digest = `sha256:${'d'.repeat(64)}` as const;
  const live = { version: 'v2', digest, deploymentId: 'staging/web/2' };
  const duty = { deploymentId: 'staging/web/2', until: NOW };
  const lane: LaneState = { ...emptyLane(TARGET), live, n: 2, generation: 2, watch: duty };
  const order = degradationOrder(lane, { deploymentId: 'staging/web/2', evidence: digest }, 'errors '.repeat(500));

  test('is taken back by an order of the lane itself, which is one and the same however often it is made', () => {
    expect(order).toMatchObject({ requestId: 'watch:staging/web/2', by: 'slipway', version: null });
    expect(order.reason).toMatch(/^HEALTH_DEGRADED: errors /);
    expect(order.reason.length).toBeLessThanOrEqual(1000);
    expect(isSameOrder(order, degradationOrder(lane, { ...order.degradation! }, 'errors '.repeat(500)))).toBe(true);
    const once = submitted(lane, order, NOW);
    expect(submitted(once, order, NOW)).toBe(once);
  });

  test('goes before ordinary orders, and passes a hold', () => {
    const hold = { by: 'bob', reason: 'so', since: NOW };
    const ordinary: Order = {
      kind: 'deploy',
      requestId: 'r',
      target: TARGET,
      by: 'ada',
      change: 'C',
      source: 's',
      revision: 'f'.repeat(40),
    };
    const queued = submitted(submitted({ ...lane, hold }, ordinary, NOW), order, NOW);
    expect(nextOrder(queued)?.requestId).toBe(order.requestId);
  });

  test('is left alone once another release is live, or nobody watches it any more', () => {
    expect(isOvertaken(lane, order)).toBe(false);
    expect(isOvertaken({ ...lane, live: { ...live, deploymentId: 'staging/web/3' } }, order)).toBe(true);
    expect(unwatched(lane, duty).watch).toBeNull();
    expect(unwatched(lane, { ...duty, deploymentId: 'staging/web/1' }).watch).toEqual(duty);
  });
});

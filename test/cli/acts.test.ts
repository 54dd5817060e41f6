import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { recordOfQueued } from '../../src/contract/lane.ts';
import { SlipwayError } from '../../src/contract/failure.ts';
import type { Slipway } from '../../src/client/slipway.ts';
import { appendAct, setQuarantine } from '../../src/records/acts.ts';
import { openDesk, type Desk } from './desk.ts';
import { laneWith, orderOf, recordThat, sealRejected, TARGET } from './records.ts';

let desk: Desk;
beforeAll(async () => {
  desk = await openDesk();
  await sealRejected(desk.artifacts, 1);
});
afterAll(() => desk.remove());

const PERSON = ['--by', 'ada', '--reason', 'wrong catalog'];
const SAID = { by: 'ada', reason: 'wrong catalog' };

/** A server that notes what it is asked to do. */
function noting(answers: Partial<Slipway> = {}) {
  const asked: unknown[][] = [];
  const note =
    (act: string, answer: unknown) =>
    async (...args: unknown[]) => {
      asked.push([act, ...args]);
      return answer as never;
    };
  const aborted = { ...recordThat('rejected', 7), result: 'aborted' };
  return {
    asked,
    abort: note('abort', aborted),
    abortQueued: note('abortQueued', laneWith()),
    takeover: note('takeover', { ...aborted, result: 'rollback-failed' }),
    resume: note('resume', laneWith()),
    unquarantine: note('unquarantine', laneWith()),
    ...answers,
  };
}

describe('slipway abort', () => {
  test('stops a deployment by its id; that it was aborted is what was wanted: exit code 0', async () => {
    const server = noting();
    const { exitCode, stdout } = await desk.run(['abort', 'staging/storefront/7', ...PERSON, '--json'], server);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ result: 'aborted' });
    expect(server.asked).toEqual([['abort', 'staging/storefront/7', SAID]]);
  });

  test('has the exit code of another end, when it came to that', async () => {
    const server = noting({ abort: async () => recordThat('rejected', 7) });
    expect(await desk.run(['abort', 'staging/storefront/7', ...PERSON], server)).toMatchObject({ exitCode: 3 });
  });

  test('stops the deployment of a request', async () => {
    const submission = {
      requestId: 'r7',
      target: 'staging/storefront',
      deploymentId: 'staging/storefront/7',
      position: 0,
    };
    const server = noting({ request: async () => submission });
    await desk.run(['abort', 'r7', ...PERSON], server);
    expect(server.asked).toEqual([['abort', 'staging/storefront/7', SAID]]);
  });

  test('takes an order out of the queue, and shows its record', async () => {
    const submission = { requestId: 'r8', target: 'staging/storefront', deploymentId: null, position: 1 };
    const order = orderOf('r8');
    const record = recordOfQueued(order, 'aborted by ada: wrong catalog');
    const act = { kind: 'order-ended', record, order } as const;
    const at = '2026-11-23T09:05:07.000Z';
    await appendAct(desk.artifacts.component('storefront'), { target: TARGET, act, key: 'r8', at });
    const server = noting({ request: async () => submission });
    const { exitCode, stdout } = await desk.run(['abort', 'r8', ...PERSON, '--json'], server);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toEqual(record);
    expect(server.asked).toEqual([['abortQueued', 'staging/storefront', { ...SAID, requestId: 'r8' }]]);
  });

  test('is refused for what has ended, and says how it ended', async () => {
    const server = noting({ request: async () => null });
    const { exitCode, stderr } = await desk.run(['abort', 'r1', ...PERSON], server);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/^ACT_REFUSED .*rejected/);
  });
});

test('slipway takeover: that the rollback ended as rollback-failed is what was wanted', async () => {
  const server = noting({ deployment: async () => recordThat(null, 7) });
  expect(await desk.run(['takeover', 'staging/storefront/7', ...PERSON], server)).toMatchObject({ exitCode: 0 });
  expect(server.asked).toEqual([['takeover', 'staging/storefront/7', SAID]]);
});

test('slipway resume: by name and reason, and shows the target', async () => {
  const server = noting();
  const { exitCode, stdout } = await desk.run(['resume', 'staging/storefront', ...PERSON, '--json'], server);
  expect(exitCode).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ target: 'staging/storefront', hold: null });
  expect(server.asked).toEqual([['resume', 'staging/storefront', SAID]]);
});

test('an act that the lane refuses is exit code 2', async () => {
  const resume = async () => {
    throw new SlipwayError('ACT_REFUSED', 'staging/storefront is not held');
  };
  const said = await desk.run(['resume', 'staging/storefront', ...PERSON], noting({ resume }));
  expect(said).toMatchObject({ exitCode: 2, stderr: 'ACT_REFUSED staging/storefront is not held\n' });
});

describe('slipway unquarantine', () => {
  const digest = `sha256:${'9'.repeat(64)}` as const;

  test('is refused for a digest that is not quarantined', async () => {
    expect(await desk.run(['unquarantine', digest, ...PERSON], noting())).toMatchObject({ exitCode: 2 });
  });

  test('finds the target that quarantined it', async () => {
    const act = { kind: 'quarantine', digest, by: 'slipway', reason: 'SMOKE_FAILED' } as const;
    const store = desk.artifacts.component('storefront');
    const target = { environment: 'production', component: 'storefront' };
    await appendAct(store, { target, act, key: 'q1', at: '2026-11-23T09:05:07.000Z' });
    await setQuarantine(store, act, 'q1');
    const server = noting();
    expect(await desk.run(['unquarantine', digest, ...PERSON], server)).toMatchObject({ exitCode: 0 });
    expect(server.asked).toEqual([['unquarantine', 'production/storefront', digest, SAID]]);
  });
});

describe('slipway rollback', () => {
  test('goes to the version that is named', async () => {
    const orders: unknown[] = [];
    const rollback = async (order: unknown) => {
      orders.push(order);
      return { requestId: 'r9', target: 'staging/storefront', deploymentId: null, position: 1 };
    };
    const args = ['rollback', 'staging/storefront', '--version', 'v1', ...PERSON, '--request-id', 'r9', '--json'];
    const { exitCode, stdout } = await desk.run(args, { rollback });
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ requestId: 'r9', deploymentId: null, position: 1 });
    expect(orders).toEqual([{ target: 'staging/storefront', version: 'v1', requestId: 'r9', ...SAID }]);
  });

  test('sends nothing for a component that was never deployed', async () => {
    const said = await desk.run(['rollback', 'staging/nope', ...PERSON], noting());
    expect(said).toMatchObject({ exitCode: 2, stderr: expect.stringMatching(/^UNKNOWN_COMPONENT /) });
  });
});

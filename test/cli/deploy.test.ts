import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { recordOfQueued, type Submission } from '../../src/contract/lane.ts';
import { FAILURES, SlipwayError, type FailureCode } from '../../src/contract/failure.ts';
import { EXIT_OF_RESULT, RESULTS } from '../../src/contract/record.ts';
import type { NewOrder, Slipway } from '../../src/client/slipway.ts';
import type { DeployOrder } from '../../src/contract/order.ts';
import { appendAct } from '../../src/records/acts.ts';
import { CHANGE, MANIFEST, openDesk, type Desk } from './desk.ts';
import { orderOf, recordThat, sealRejected, TARGET } from './records.ts';

let desk: Desk;
let head: string;
beforeAll(async () => {
  desk = await openDesk();
  const files = { 'storefront/slipway.yaml': MANIFEST, 'storefront/server.mjs': '', 'changes/CHG-1.yaml': CHANGE };
  head = await desk.commit('Open the storefront\n\nChange: CHG-1\n', files);
});
afterAll(() => desk.remove());

const DEPLOY = ['deploy', 'storefront', '--to', 'staging', '--change', 'CHG-1', '--by', 'ada'];
const QUEUED: Submission = { requestId: 'r1', target: 'staging/storefront', deploymentId: null, position: 1 };

/** A server that takes orders, and remembers them. */
function taking(more: Partial<Slipway> = {}): Partial<Slipway> & { readonly orders: NewOrder<DeployOrder>[] } {
  const orders: NewOrder<DeployOrder>[] = [];
  return {
    orders,
    deploy: async (order) => {
      orders.push(order);
      return QUEUED;
    },
    ...more,
  };
}

describe('slipway deploy', () => {
  test('orders the head of the first plain branch, resolved once', async () => {
    const server = taking();
    const { exitCode, stdout } = await desk.run([...DEPLOY, '--request-id', 'r1'], server);
    expect(exitCode).toBe(0);
    expect(server.orders).toEqual([
      { target: 'staging/storefront', source: 'shop', revision: head, change: 'CHG-1', by: 'ada', requestId: 'r1' },
    ]);
    expect(stdout).toContain('slipway status r1 --watch');
  });

  test('answers with the submission alone', async () => {
    const { stdout, stderr } = await desk.run([...DEPLOY, '--json'], taking());
    expect(JSON.parse(stdout)).toEqual(QUEUED);
    expect(stderr).toBe('');
  });

  test.each([
    ['a revision that is not there', ['--revision', 'beefbeef'], 'UNKNOWN_REVISION'],
    ['what git would take for an option', ['--revision=--upload-pack=x'], 'UNSAFE_SOURCE'],
  ])('sends no order for %s', async (_, more, code) => {
    const server = taking();
    const { exitCode, stderr } = await desk.run([...DEPLOY, ...more], server);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(new RegExp(`^${code} `));
    expect(server.orders).toEqual([]);
  });

  test('sends no order for a component that the revision does not have', async () => {
    const server = taking();
    const args = ['deploy', 'catalog', '--to', 'staging', '--change', 'CHG-1', '--by', 'ada', '--json'];
    const { exitCode, stdout } = await desk.run(args, server);
    expect(exitCode).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'UNKNOWN_COMPONENT', clause: '§5' } });
    expect(server.orders).toEqual([]);
  });

  test('leaves a manifest that is wrong to change intake', async () => {
    const broken = await desk.commit('Break it', { 'storefront/slipway.yaml': `${MANIFEST}nonsense: true\n` });
    const server = taking();
    expect(await desk.run(DEPLOY, server)).toMatchObject({ exitCode: 0 });
    expect(server.orders).toMatchObject([{ revision: broken }]);
    await desk.commit('Mend it', { 'storefront/slipway.yaml': MANIFEST });
  });

  test('two at once take turns at the mirror', async () => {
    const servers = [taking(), taking(), taking()];
    const said = await Promise.all(servers.map((server) => desk.run(DEPLOY, server)));
    expect(said.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0]);
  });
});

describe('slipway deploy --wait', () => {
  test.each(RESULTS)('ends with the exit code of %s, and prints the record', async (result) => {
    const record = recordThat(result);
    const server = taking({ follow: async () => record });
    const { exitCode, stdout } = await desk.run([...DEPLOY, '--wait', '--json'], server);
    expect(exitCode).toBe(EXIT_OF_RESULT[result]);
    expect(JSON.parse(stdout)).toEqual(record);
  });

  test('says on stderr how it fares, a line for each step', async () => {
    const server = taking({
      follow: async (_, options) => {
        options?.onQueued?.(2, { ...emptyQueue, running: { deploymentId: 'staging/storefront/6' } } as never);
        options?.onQueued?.(2, { ...emptyQueue, running: { deploymentId: 'staging/storefront/6' } } as never);
        options?.onProgress?.(recordThat(null, 7));
        return recordThat('completed', 7);
      },
    });
    const { stdout, stderr } = await desk.run([...DEPLOY, '--wait', '--json'], server);
    expect(stderr.trimEnd().split('\n')).toEqual([
      'queued at position 2: behind staging/storefront/6',
      'staging/storefront/7 change-intake begins',
      'staging/storefront/7 change-intake passed in 1.2 s',
      'staging/storefront/7 completed',
    ]);
    expect(JSON.parse(stdout)).toMatchObject({ result: 'completed' });
  });

  test('an order that was taken out of the queue ends as aborted, without a deployment', async () => {
    const order = orderOf('r1');
    const record = recordOfQueued(order, 'aborted by ben: not today');
    const act = { kind: 'order-ended', record, order } as const;
    const store = desk.artifacts.component('storefront');
    await appendAct(store, { target: TARGET, act, key: 'r1', at: '2026-11-23T09:05:07.000Z' });
    const server = taking({ follow: async () => fail('ABORTED') });
    const { exitCode, stdout } = await desk.run([...DEPLOY, '--wait', '--json'], server);
    expect(exitCode).toBe(7);
    expect(JSON.parse(stdout)).toEqual({ ...record, deploymentId: null });
  });

  test('a deployment that was terminated ends with the record that its lane seals', async () => {
    const server = taking({
      deploy: async () => ({ ...QUEUED, deploymentId: 'staging/storefront/1', position: 0 }),
      follow: async () => {
        setTimeout(() => void sealRejected(desk.artifacts, 1), 50);
        return fail('DEPLOYMENT_TERMINATED');
      },
    });
    const { exitCode, stdout } = await desk.run([...DEPLOY, '--wait', '--json'], server);
    expect(exitCode).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({ deploymentId: 'staging/storefront/1', result: 'rejected' });
  });

  test('a person who stops waiting learns how to go on', async () => {
    const interrupted = AbortSignal.timeout(20);
    const server = taking({ follow: () => new Promise(() => {}) });
    const said = await desk.run([...DEPLOY, '--wait'], server, { interruption: () => interrupted });
    expect(said).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('slipway status r1 --watch') });
  });
});

describe('the exit code of an error', () => {
  const codes = Object.keys(FAILURES) as FailureCode[];
  test.each(codes.filter((code) => FAILURES[code].fault === 'caller'))(
    '%s is 2: the caller can put it right',
    async (code) => {
      expect(await desk.run(DEPLOY, { deploy: async () => fail(code) })).toMatchObject({ exitCode: 2 });
    },
  );
  test.each(codes.filter((code) => FAILURES[code].fault === 'platform'))(
    '%s is 1: no result is known',
    async (code) => {
      const { exitCode, stdout } = await desk.run([...DEPLOY, '--json'], { deploy: async () => fail(code) });
      expect(exitCode).toBe(1);
      expect(JSON.parse(stdout)).toEqual({ error: { code, clause: FAILURES[code].clause, message: 'so it is' } });
    },
  );
  test('a bug is 1, and is called INTERNAL', async () => {
    const deploy = async () => {
      throw new TypeError('undefined is no order');
    };
    expect(await desk.run(DEPLOY, { deploy })).toMatchObject({
      exitCode: 1,
      stderr: 'INTERNAL undefined is no order\n',
    });
  });
});

const emptyQueue = { hold: null, running: null };

function fail(code: FailureCode): never {
  throw new SlipwayError(code, 'so it is');
}

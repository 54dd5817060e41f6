import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SlipwayError } from '../../src/contract/failure.ts';
import { appendAct } from '../../src/records/acts.ts';
import { openDesk, type Desk } from './desk.ts';
import { laneWith, orderOf, recordThat, sealRejected, TARGET } from './records.ts';

let desk: Desk;
beforeAll(async () => {
  desk = await openDesk();
  await sealRejected(desk.artifacts, 1);
  const act = { kind: 'hold', by: 'ada', reason: 'looking at it' } as const;
  const store = desk.artifacts.component('storefront');
  await appendAct(store, { target: TARGET, act, key: 'h1', at: '2026-11-23T09:05:07.000Z' });
});
afterAll(() => desk.remove());

const LIVE = { version: 'v1', digest: `sha256:${'1'.repeat(64)}`, deploymentId: 'staging/storefront/1' } as const;
const RUNNING = {
  n: 2,
  deploymentId: 'staging/storefront/2',
  order: orderOf('r2'),
  startedAt: '2026-11-23T09:05:07.000Z',
};
const HELD = { by: 'ada', reason: 'looking at it', since: '2026-11-23T09:05:07.000Z' };

describe('slipway status', () => {
  test('shows every target that has a lane or a record', async () => {
    const catalog = { environment: 'staging', component: 'catalog' };
    const server = {
      lanes: async () => [laneWith({ target: catalog, live: LIVE, knownHealthy: LIVE, generation: 3 })],
    };
    const { exitCode, stdout } = await desk.run(['status', '--json'], { ...server, lane: async () => null });
    expect(exitCode).toBe(0);
    const nothing = { running: null, queue: [], watchedUntil: null };
    expect(JSON.parse(stdout)).toEqual({
      targets: [
        { target: 'staging/catalog', live: LIVE, knownHealthy: LIVE, generation: 3, hold: null, ...nothing },
        { target: 'staging/storefront', live: null, knownHealthy: null, generation: 0, hold: HELD, ...nothing },
      ],
    });
  });

  test('is one line a target for people', async () => {
    const server = { lanes: async () => [], lane: async () => laneWith({ hold: HELD, live: LIVE, running: RUNNING }) };
    const { stdout } = await desk.run(['status'], server);
    const [heading, row, ...others] = stdout.trimEnd().split('\n');
    expect(heading).toMatch(/^TARGET +LIVE/);
    expect(row).toMatch(
      /^staging\/storefront +v1 .*running staging\/storefront\/2; held by ada since .*: looking at it$/,
    );
    expect(others).toEqual([]);
  });

  test('says so when Temporal is away: what goes on is not known then', async () => {
    expect(await desk.run(['status'], 'away')).toMatchObject({ exitCode: 1, stdout: '' });
    const { exitCode, stdout } = await desk.run(['status', '--json'], 'away');
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'TEMPORAL_UNAVAILABLE' } });
  });

  test('shows one target with its running deployment', async () => {
    const server = { lane: async () => laneWith({ running: RUNNING }), deployment: async () => recordThat(null, 2) };
    const { stdout } = await desk.run(['status', 'staging/storefront'], server);
    expect(stdout).toContain('▸ change-intake');
  });

  test.each(['nowhere/storefront', 'staging/nope', 'nope', 'staging/storefront/9'])(
    '%s is nothing it knows: exit code 2',
    async (id) => {
      const unknown = async () => {
        throw new SlipwayError('UNKNOWN_DEPLOYMENT', 'not known');
      };
      const server = { lane: async () => null, request: async () => null, deployment: unknown };
      expect(await desk.run(['status', id], server)).toMatchObject({ exitCode: 2, stdout: '' });
    },
  );
});

describe('slipway status ID', () => {
  test.each(['staging/storefront/1', 'r1'])('%s: a sealed record needs no server', async (id) => {
    const { exitCode, stdout } = await desk.run(['status', id, '--json'], 'away');
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ deploymentId: 'staging/storefront/1', result: 'rejected' });
  });

  test('one that runs has no result yet', async () => {
    const { stdout } = await desk.run(['status', 'staging/storefront/2', '--json'], {
      deployment: async () => recordThat(null, 2),
    });
    expect(JSON.parse(stdout)).toMatchObject({ deploymentId: 'staging/storefront/2', result: null });
  });

  test('an order that is queued has no deployment yet', async () => {
    const queue = [{ order: orderOf('r5'), since: '2026-11-23T09:05:07.000Z' }];
    const submission = { requestId: 'r5', target: 'staging/storefront', deploymentId: null, position: 1 };
    const server = { request: async () => submission, lane: async () => laneWith({ queue }) };
    const { stdout } = await desk.run(['status', 'r5', '--json'], server);
    expect(JSON.parse(stdout)).toMatchObject({ deploymentId: null, requestId: 'r5', result: null });
  });

  test('--watch follows it to its end', async () => {
    const server = { deployment: async () => recordThat(null, 2), follow: async () => recordThat('completed', 2) };
    const { exitCode, stdout, stderr } = await desk.run(
      ['status', 'staging/storefront/2', '--watch', '--json'],
      server,
    );
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ result: 'completed' });
    expect(stderr).toContain('staging/storefront/2 completed');
  });
});

describe('slipway history', () => {
  test('needs no server, and tells oldest first in JSON', async () => {
    await sealRejected(desk.artifacts, 2);
    const { exitCode, stdout } = await desk.run(['history', 'staging/storefront', '--json'], 'away');
    expect(exitCode).toBe(0);
    const { target, records } = JSON.parse(stdout) as { target: string; records: { deploymentId: string }[] };
    expect(target).toBe('staging/storefront');
    expect(records.map(({ deploymentId }) => deploymentId)).toEqual(['staging/storefront/1', 'staging/storefront/2']);
  });

  test('tells newest first to people: what, when, by whom and why', async () => {
    const { stdout } = await desk.run(['history', 'staging/storefront'], 'away');
    const [heading, newest] = stdout.split('\n');
    expect(heading).toMatch(/^DEPLOYMENT +RESULT +CHANGE +VERSION +WHEN +BY +WHY$/);
    expect(newest).toMatch(
      /^staging\/storefront\/2 +rejected UNDOCUMENTED_CHANGE +CHG-1 +- +2026-11-23 09:05:07Z +ada +no change$/,
    );
  });

  test('a target of a known component that has seen nothing is empty, not wrong', async () => {
    const { exitCode, stdout } = await desk.run(['history', 'production/storefront', '--json'], 'away');
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ target: 'production/storefront', records: [] });
  });
});

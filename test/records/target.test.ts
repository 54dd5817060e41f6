import { describe, expect, test } from 'vitest';
import { contentOf } from '../../src/contract/order.ts';
import { openRecord } from '../../src/contract/record.ts';
import { appendAct } from '../../src/records/acts.ts';
import { expectedState, refuseUnknownState } from '../../src/records/known-state.ts';
import { recentRecords, recentRequests, recordedNumbers, targetHistory } from '../../src/records/target.ts';
import { createTarget } from './deployments.ts';
import { orderOf, TARGET } from './plan.ts';
import { scratchStore } from './scratch.ts';

const AT = '2026-11-23T09:00:00.000Z';
const rejects = { ends: { stage: 'change-intake', code: 'SCOPE_EXCEEDED' } } as const;

async function openTarget() {
  const { artifacts } = await scratchStore();
  const target = createTarget(artifacts);
  const endInQueue = async (requestId: string) => {
    const order = orderOf(requestId);
    const record = { ...openRecord(null, order), result: 'aborted' } as const;
    await appendAct(target.store, {
      target: TARGET,
      act: { kind: 'order-ended', record, order },
      key: requestId,
      at: AT,
    });
  };
  return { ...target, artifacts, endInQueue };
}

describe('what a target remembers of its past', () => {
  test('is in the order of its numbers, past nine as well', async () => {
    const { store, deploy } = await openTarget();
    for (let n = 1; n <= 11; n += 1) await deploy(rejects);
    expect(await recordedNumbers(store, TARGET)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    const newest = await recentRecords(store, TARGET, 3);
    expect(newest.map(({ record }) => record.deploymentId?.split('/')[2])).toEqual(['11', '10', '9']);
  });

  test('is its own: another environment of the component has another', async () => {
    const { artifacts, store, deploy } = await openTarget();
    await deploy(rejects);
    const production = { ...TARGET, environment: 'production' };
    await createTarget(artifacts, { target: production }).deploy(rejects);
    expect(await recordedNumbers(store, TARGET)).toEqual([1]);
    expect((await targetHistory(store, production)).map(({ target }) => target)).toEqual(['production/storefront']);
  });

  test('names every request that it answered, also those whose order ended in the queue', async () => {
    const { store, deploy, endInQueue, idOf } = await openTarget();
    await deploy(rejects);
    await endInQueue('queued');
    await deploy(rejects);
    const requests = await recentRequests(store, TARGET, await recentRecords(store, TARGET));
    const of = (requestId: string, deploymentId: string | null) => ({
      requestId,
      content: contentOf(orderOf(requestId)),
      deploymentId,
    });
    expect(requests).toHaveLength(3);
    expect(requests).toEqual(
      expect.arrayContaining([of('request-1', idOf(1)), of('queued', null), of('request-2', idOf(2))]),
    );
  });

  test('is told oldest first, orders that ended in the queue last', async () => {
    const { store, deploy, endInQueue, idOf } = await openTarget();
    await endInQueue('queued');
    await deploy();
    await deploy(rejects);
    const history = await targetHistory(store, TARGET);
    expect(history.map(({ deploymentId, result }) => [deploymentId, result])).toEqual([
      [idOf(1), 'completed'],
      [idOf(2), 'rejected'],
      [null, 'aborted'],
    ]);
  });
});

describe('the known state that a deployment starts from (§2)', () => {
  test('is an empty runtime, then what the newest record left there', async () => {
    const { deploy } = await openTarget();
    expect(expectedState(undefined)).toEqual({ generation: 0, live: null });
    const completed = await deploy();
    expect(expectedState(completed)).toEqual(completed.after);
    expect(completed.after).toMatchObject({ generation: 1, live: { deploymentId: 'staging/storefront/1' } });
    const rejected = await deploy(rejects);
    expect(expectedState(rejected)).toEqual(completed.after);
    const back = await deploy({ ends: { stage: 'deploy', code: 'INSTANCE_DIED', restored: 'restored' } });
    expect(expectedState(back)).toEqual({ ...completed.after, generation: 3 });
  });

  test('is what the runtime has to show, by generation, bytes and deployment', async () => {
    const { deploy } = await openTarget();
    const newest = await deploy();
    const { generation, live } = newest.after!;
    const shown = [
      { generation: generation + 1, live },
      { generation, live: null },
      { generation, live: { ...live!, digest: `sha256:${'0'.repeat(64)}` } as const },
      { generation, live: { ...live!, deploymentId: 'staging/storefront/9' } },
    ];
    expect(() => refuseUnknownState(TARGET, newest, { generation, live })).not.toThrow();
    for (const observed of shown) {
      const refuse = () => refuseUnknownState(TARGET, newest, observed);
      expect(refuse).toThrow(
        /a hand was at it \(§15\); return to a known release with slipway rollback staging\/storefront/,
      );
    }
  });

  test('is not known after a rollback that failed, whatever the runtime shows', async () => {
    const { deploy } = await openTarget();
    const before = await deploy();
    const failed = await deploy({ ends: { stage: 'deploy', code: 'INSTANCE_DIED', restored: null } });
    expect(expectedState(failed)).toBeNull();
    for (const observed of [before.after, null]) {
      expect(() => refuseUnknownState(TARGET, failed, observed)).toThrow(/left the runtime to a person/);
    }
  });

  test('is judged by the record alone where the runtime cannot be asked', async () => {
    const { deploy } = await openTarget();
    const newest = await deploy();
    expect(() => refuseUnknownState(TARGET, newest, null)).not.toThrow();
  });
});

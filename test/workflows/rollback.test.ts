import { afterAll, beforeAll, expect, test } from 'vitest';
import { gate, hangs, isOut, saysNo } from './doings.ts';
import { openSetting, type Setting } from './setting.ts';
import { attributeOf, detailsOf, once, type TestTarget } from './test-target.ts';

const BOB = { by: 'bob', reason: 'the node is gone' };

let setting: Setting;
beforeAll(async () => {
  setting = await openSetting();
});
afterAll(() => setting.close());

/** A target whose second deployment is on its way back, and stays there. */
async function onItsWayBack(script: Parameters<TestTarget['script']>[0], rollbackWithin = 30_000): Promise<TestTarget> {
  const target = setting.newTarget();
  await target.carryOut('one');
  target.script({
    admitChange: async (input, usual) => {
      const evidence = await usual(input);
      return { ...evidence, facts: { ...evidence.facts, rollbackWithin } };
    },
    observeRelease: saysNo('SMOKE_FAILED', 'home page: 500'),
    ...script,
  });
  await target.deploy('two');
  await target.attempted('restoreRelease');
  return target;
}

const follow = (target: TestTarget) =>
  setting.slipway.follow({ requestId: 'two', target: target.name, deploymentId: `${target.name}/2` });

test.concurrent('a rollback past its bound says so at once, goes on, and ends late (§13)', async () => {
  const untilBreached = gate();
  const target = await onItsWayBack({ restoreRelease: untilBreached.pass }, 100);

  const second = target.deployment(2);
  await once(async () => ((await attributeOf(second, 'result')) === 'ROLLBACK_BREACHED' ? true : null));
  expect(await detailsOf(second)).toContain('ROLLBACK_BREACHED');
  expect((await setting.slipway.deployment(`${target.name}/2`)).result).toBeNull();

  untilBreached.open();
  const record = await follow(target);
  expect(record).toMatchObject({
    result: 'rolled-back',
    rollback: { trigger: 'SMOKE_FAILED', within: 100, outcome: 'late' },
  });
  const { startedAt, restoredAt } = record.rollback ?? {};
  expect(Date.parse(restoredAt ?? '') - Date.parse(startedAt ?? '')).toBeGreaterThan(100);
  expect(await attributeOf(second, 'result')).toBe('rolled-back');
});

test.concurrent('a breach is told to whoever wants urgent events while the rollback still goes on', async () => {
  const target = setting.newTarget();
  await target.carryOut('one');
  const untilTold = gate();
  target.script({
    admitChange: async (input, usual) => {
      const evidence = await usual(input);
      const receivers = [
        { name: 'pager', events: 'urgent' },
        { name: 'chat', events: ['upgraded'] },
      ] as const;
      return { ...evidence, facts: { ...evidence.facts, rollbackWithin: 100, receivers } };
    },
    observeRelease: saysNo('SMOKE_FAILED', 'home page: 500'),
    restoreRelease: untilTold.pass,
  });
  await target.deploy('two');

  await target.attempted('deliver');
  const soFar = await setting.slipway.deployment(`${target.name}/2`);
  expect(soFar).toMatchObject({ result: null, rollback: { outcome: 'restoring', restoredAt: null } });
  expect(Date.parse(soFar.rollback?.breachedAt ?? '')).toBeGreaterThanOrEqual(
    Date.parse(soFar.rollback?.startedAt ?? '') + 100,
  );
  untilTold.open();
  expect(await follow(target)).toMatchObject({ rollback: { outcome: 'late', breachedAt: soFar.rollback?.breachedAt } });
  await target.attempted('deliver', 2);
  const told = target.calls('deliver').map(({ input }) => input as { receiver: string; event: { kind: string } });
  expect(told.map(({ receiver, event }) => `${receiver}: ${event.kind}`)).toEqual([
    'pager: rollback-breached',
    'pager: rolledback',
  ]);
});

test.concurrent('a restoration that fails is tried again until it is done', async () => {
  const target = await onItsWayBack({ restoreRelease: isOut('RUNTIME_UNAVAILABLE', 20) });

  expect(await follow(target)).toMatchObject({ result: 'rolled-back', rollback: { outcome: 'restored' } });
  expect(target.calls('restoreRelease')).toHaveLength(21);
});

test.concurrent('a person takes over a rollback that does not succeed: rollback-failed, and who and why stand in the record', async () => {
  const target = await onItsWayBack({ restoreRelease: hangs });

  const answer = await setting.slipway.takeover(`${target.name}/2`, BOB);
  expect(answer).toMatchObject({
    result: 'rollback-failed',
    failure: { code: 'SMOKE_FAILED', message: 'home page: 500 (taken over by bob: the node is gone)' },
    rollback: { outcome: 'failed', restoredAt: null },
  });
  expect(await follow(target)).toEqual(answer);
});

test.concurrent('a rollback whose worker or runtime does not even answer can be taken over', async () => {
  const target = await onItsWayBack({ restoreRelease: saysNo('RUNTIME_UNAVAILABLE') });

  expect(await setting.slipway.takeover(`${target.name}/2`, BOB)).toMatchObject({ result: 'rollback-failed' });
});

test.concurrent('a restoration that fails as it is taken over is a failed rollback, not a deployment without a record', async () => {
  const target = await onItsWayBack({ restoreRelease: () => hangs().catch(saysNo('RUNTIME_UNAVAILABLE')) });

  expect(await setting.slipway.takeover(`${target.name}/2`, BOB)).toMatchObject({ result: 'rollback-failed' });
});

test.concurrent('a restoration that succeeds while it is taken over has succeeded', async () => {
  const target = await onItsWayBack({ restoreRelease: (input, usual) => hangs().catch(() => usual(input)) });

  const answer = await setting.slipway.takeover(`${target.name}/2`, BOB);
  expect(answer).toMatchObject({ result: 'rolled-back', rollback: { outcome: 'restored' } });
});

test.concurrent('the takeover from the Temporal UI is a signal', async () => {
  const target = await onItsWayBack({ restoreRelease: hangs });

  await target.deployment(2).signal('takeover', BOB);
  expect(await follow(target)).toMatchObject({ result: 'rollback-failed' });
});

test.concurrent('a restoration that is refused ends the rollback as failed, and says why', async () => {
  const target = await onItsWayBack({ restoreRelease: saysNo('UNTRUSTED_EVIDENCE', 'of another deployment') });

  const { result, failure } = await follow(target);
  expect(result).toBe('rollback-failed');
  expect(failure?.message).toBe('home page: 500 (the restoration was refused: of another deployment)');
});

test.concurrent('a runtime that has moved on under somebody else is left alone: rollback-failed', async () => {
  const target = await onItsWayBack({
    restoreRelease: (input, usual) => {
      target.moveOn();
      return usual(input);
    },
  });

  const { result, rollback } = await follow(target);
  expect({ result, outcome: rollback?.outcome }).toEqual({ result: 'rollback-failed', outcome: 'failed' });
});

test.concurrent('an abort or a cancellation during the rollback is refused, and changes nothing', async () => {
  const untilRefused = gate();
  const target = await onItsWayBack({ restoreRelease: untilRefused.pass });

  await expect(setting.slipway.abort(`${target.name}/2`, BOB)).rejects.toMatchObject({
    code: 'ACT_REFUSED',
    message: expect.stringContaining('on its way back already (SMOKE_FAILED') as string,
  });
  await target.deployment(2).signal('abort', BOB);
  await target.deployment(2).cancel();
  await once(async () => ((await detailsOf(target.deployment(2))).includes('abort refused') ? true : null));

  untilRefused.open();
  expect(await follow(target)).toMatchObject({
    result: 'rolled-back',
    failure: { code: 'SMOKE_FAILED' },
    rollback: { trigger: 'SMOKE_FAILED', outcome: 'restored' },
  });
});

test.concurrent('what was not changed cannot be taken over', async () => {
  const target = setting.newTarget();
  target.script({ buildArtifact: saysNo('BUILD_FAILED'), sealRecord: hangs });
  await target.deploy('one');
  await target.attempted('sealRecord');

  await expect(setting.slipway.takeover(`${target.name}/1`, BOB)).rejects.toMatchObject({ code: 'ACT_REFUSED' });
  expect((await setting.slipway.deployment(`${target.name}/1`)).result).toBeNull(); // nothing has ended before it is sealed
  await target.deployment(1).terminate();
});

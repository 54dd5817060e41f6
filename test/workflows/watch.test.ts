import { afterAll, beforeAll, expect, test } from 'vitest';
import type { WatchReport } from '../../src/contract/watch.ts';
import { gate, hangs, saysNo } from './doings.ts';
import { digestOf } from './fake-target.ts';
import { openSetting, type Setting } from './setting.ts';
import { detailsOf, once, type TestTarget } from './test-target.ts';

const UNTIL = '2999-01-01T00:00:00.000Z';

let setting: Setting;
beforeAll(async () => {
  // The server suggests to continue as new after as many events as one deployment leaves in its lane.
  setting = await openSetting({
    serverFlags: ['--dynamic-config-value', 'limit.historyCount.suggestContinueAsNew=20'],
  });
});
afterAll(() => setting.close());

type Script = Parameters<TestTarget['script']>[0];

/** A target whose live release is to be watched, from its completion on. */
function watched(watchRelease: Script['watchRelease']): TestTarget {
  const target = setting.newTarget();
  target.script({
    ...(watchRelease && { watchRelease }),
    archiveDeployment: async (input, usual) => {
      const present = await usual(input);
      const isDuty = present.live !== null && !target.records().some(({ requestId }) => requestId.startsWith('watch:'));
      return {
        ...present,
        watch: isDuty && present.live ? { deploymentId: present.live.deploymentId, until: UNTIL } : null,
      };
    },
  });
  return target;
}

const degraded = (reason = 'soak failed: 3 of 20 answers were errors'): Omit<WatchReport, 'deploymentId'> => ({
  outcome: 'degraded',
  reason,
  evidence: digestOf('watched'),
});

test.concurrent('a release that degrades after its completion is quarantined, and the lane takes it back by itself (§12)', async () => {
  const getsWorse = gate();
  const target = watched(async (duty, usual) => {
    if (duty.deploymentId.endsWith('/1')) return await hangs(); // until the second one is live
    return await getsWorse.pass(undefined, async () => ({ ...(await usual(duty)), ...degraded() }));
  });
  await target.carryOut('one');
  const second = await target.carryOut('two');
  getsWorse.open();

  const third = await once(async () => target.records()[2] ?? null);
  expect(third).toMatchObject({
    requestId: `watch:${target.name}/2`,
    result: 'completed',
    change: { requestedBy: 'slipway' },
  });
  const order = target.calls('admitChange')[2]?.input as { order: object };
  expect(order.order).toMatchObject({
    kind: 'rollback',
    version: null,
    reason: 'HEALTH_DEGRADED: soak failed: 3 of 20 answers were errors',
    degradation: { deploymentId: `${target.name}/2`, evidence: digestOf('watched') },
  });
  const acts = target.acts();
  expect(acts[0]).toMatchObject({ kind: 'quarantine', digest: second.artifact?.digest, by: 'slipway' });
  await target.laneOnce(({ hold, running }) => running === null && hold !== null);
});

test.concurrent('an order that waits behind such a rollback waits for a person too: the hold is in force before it is looked at', async () => {
  const isBuilt = gate();
  const target = watched(async (duty, usual) =>
    duty.deploymentId.endsWith('/1') ? await hangs() : { ...(await usual(duty)), ...degraded() },
  );
  await target.carryOut('one');
  target.script({
    buildArtifact: (input, usual) => (input.deploymentId.endsWith('/3') ? isBuilt.pass(input, usual) : usual(input)),
  });
  await target.carryOut('two');
  await target.attempted('buildArtifact', 3);
  await target.deploy('three');
  isBuilt.open();

  const lane = await target.laneOnce(({ hold, running }) => hold !== null && running === null);
  expect(lane.queue.map(({ order }) => order.requestId)).toEqual(['three']);
  expect(target.records()).toHaveLength(3);
});

test.concurrent('a watch that held orders nothing, and a lane without one has no such activity in its history', async () => {
  const target = watched(undefined);
  await target.carryOut('one');
  await target.attempted('watchRelease');
  await target.laneOnce(({ watch }) => watch === null);

  const quiet = setting.newTarget();
  await quiet.carryOut('one');
  expect(quiet.calls('watchRelease')).toEqual([]);
  expect([...target.records(), ...quiet.records()]).toHaveLength(2);
});

test.concurrent('the rollback of a degraded release is withdrawn when another deployment has gone through meanwhile', async () => {
  const getsWorse = gate();
  const isBuilt = gate();
  const target = watched(async ({ deploymentId }, usual) => {
    if (!deploymentId.endsWith('/1')) return await hangs();
    return await getsWorse.pass(undefined, async () => ({
      ...(await usual({ deploymentId, until: UNTIL })),
      ...degraded(),
    }));
  });
  await target.carryOut('one');
  await target.attempted('watchRelease');
  target.script({ buildArtifact: isBuilt.pass });
  const second = await target.deploy('two');
  await target.attempted('buildArtifact', 2);
  getsWorse.open();
  await target.laneOnce(({ queue }) => queue.some(({ order }) => order.requestId === `watch:${target.name}/1`));
  isBuilt.open();

  expect(await setting.slipway.follow(second)).toMatchObject({ result: 'completed' });
  await once(async () => (target.acts().some(({ kind }) => kind === 'order-ended') ? true : null));
  await target.laneOnce(({ queue, running }) => queue.length === 0 && running === null);
  expect(target.records()).toHaveLength(2);
  const ended = target.acts().find(({ kind }) => kind === 'order-ended');
  expect(ended).toMatchObject({
    record: { result: 'aborted', failure: { message: expect.stringContaining('slipway') as string } },
  });
});

test.concurrent('a lane that continues as new goes on watching in its next run', async () => {
  const target = watched(hangs);
  await target.carryOut('one');
  await target.attempted('watchRelease');
  const before = (await target.lane.describe()).runId;
  for (const requestId of ['two', 'three']) {
    target.script({ buildArtifact: saysNo('BUILD_FAILED') });
    await target.carryOut(requestId);
  }
  await once(async () => ((await target.lane.describe()).runId === before ? null : true));

  await target.attempted('watchRelease', 2);
  expect((await target.laneOnce(({ running }) => running === null)).watch).toEqual({
    deploymentId: `${target.name}/1`,
    until: UNTIL,
  });
  await target.lane.terminate();
});

test.concurrent('a watch that cannot go on is noted in the lane’s details, and the lane goes on', async () => {
  const target = watched(saysNo('UNTRUSTED_EVIDENCE', 'the chain does not hold'));
  await target.carryOut('one');
  await once(async () => ((await detailsOf(target.lane)).includes('not watched: the chain') ? true : null));
  expect(await target.carryOut('two')).toMatchObject({ result: 'completed' });
});

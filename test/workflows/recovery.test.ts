import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Order } from '../../src/contract/order.ts';
import { gate, hangs, isOut } from './doings.ts';
import { openSetting, type Setting } from './setting.ts';
import { type TestTarget } from './test-target.ts';

let setting: Setting;
beforeAll(async () => {
  setting = await openSetting();
});
afterAll(() => setting.close());

const BY_HAND = {
  kind: 'rollback',
  requestId: 'by hand',
  by: 'eve',
  reason: 'started by hand',
  version: null,
} as const;

/** Starts a deployment past the lane, as a lane that was reset, or somebody's own workflow, would. */
async function startByHand({ target, deployment }: TestTarget, n: number): Promise<void> {
  const order: Order = { ...BY_HAND, target };
  await setting.client.workflow.start('deployment', {
    workflowId: deployment(n).workflowId,
    taskQueue: 'orchestrator',
    args: [{ n, order }],
  });
}

test.concurrent('a lane that was terminated while a deployment ran begins cold, adopts it, and answers meanwhile', async () => {
  const target = setting.newTarget();
  const done = gate();
  target.script({ verifyArtifact: done.pass });
  const first = await target.deploy('one');
  await target.attempted('verifyArtifact');
  await target.lane.terminate();

  expect(await target.deploy('two')).toMatchObject({ deploymentId: null, position: 1 });
  expect(await target.laneOnce(({ running }) => running !== null)).toMatchObject({
    running: { deploymentId: `${target.name}/1` },
  });
  done.open();
  expect(await setting.slipway.follow(first)).toMatchObject({ result: 'completed' });
  expect(await setting.slipway.follow(await target.deploy('two'))).toMatchObject({ deploymentId: `${target.name}/2` });
  expect(target.calls('admitChange')).toHaveLength(2);
});

test.concurrent('a request that was carried out before its lane was terminated is answered as before', async () => {
  const target = setting.newTarget();
  const first = await target.deploy('one');
  await setting.slipway.follow(first);
  await target.lane.terminate();

  expect(await target.deploy('one')).toEqual(first);
  await expect(target.deploy('one', 'CHG-2000')).rejects.toMatchObject({ code: 'REQUEST_ID_REUSED' });
  expect(target.calls('admitChange')).toHaveLength(1);
});

test.concurrent('a request that was running when its lane was terminated is answered as before, and not carried out twice', async () => {
  const target = setting.newTarget();
  const done = gate();
  target.script({ verifyArtifact: done.pass });
  const first = await target.deploy('one');
  await target.lane.terminate();

  await target.deploy('one');
  expect(await target.laneOnce(({ running, queue }) => running !== null && queue.length === 0)).toBeTruthy();
  expect(await target.deploy('one')).toEqual(first);
  done.open();
  await setting.slipway.follow(first);
  expect(target.calls('admitChange')).toHaveLength(1);
});

test.concurrent('a deployment that was terminated is settled by its lane, which then goes on', async () => {
  const target = setting.newTarget();
  target.script({ verifyArtifact: hangs });
  await target.deploy('one');
  await target.attempted('verifyArtifact');
  const second = await target.deploy('two');
  target.script({ verifyArtifact: (input, usual) => usual(input) });
  await target.deployment(1).terminate('by mistake');

  expect(await setting.slipway.follow(second)).toMatchObject({ result: 'completed' });
  expect(target.calls('settleDeployment').map(({ input }) => input)).toMatchObject([
    { deploymentId: `${target.name}/1`, order: { requestId: 'one' } },
  ]);
  expect(target.records()).toMatchObject([{ failure: { code: 'DEPLOYMENT_TERMINATED' } }, { result: 'completed' }]);
});

test.concurrent('where lane and deployment were both terminated, the next lane settles it before it starts anything', async () => {
  const target = setting.newTarget();
  target.script({ verifyArtifact: hangs });
  await target.deploy('one');
  await target.attempted('verifyArtifact');
  await target.lane.terminate();
  await target.deployment(1).terminate();
  target.script({ verifyArtifact: (input, usual) => usual(input) });

  expect(await target.carryOut('two')).toMatchObject({ deploymentId: `${target.name}/2`, result: 'completed' });
  expect(target.records()).toMatchObject([{ failure: { code: 'DEPLOYMENT_TERMINATED' } }, { result: 'completed' }]);
});

test.concurrent('a settlement that cannot be done yet is tried until it is, and nothing starts before', async () => {
  const target = setting.newTarget();
  target.script({ verifyArtifact: hangs, settleDeployment: isOut('RUNTIME_UNAVAILABLE', 5) });
  await target.deploy('one');
  await target.attempted('verifyArtifact');
  const second = await target.deploy('two');
  target.script({ verifyArtifact: (input, usual) => usual(input) });
  await target.deployment(1).terminate();

  expect(await setting.slipway.follow(second)).toMatchObject({ result: 'completed' });
  const settled = target.calls().findLastIndex(({ activity }) => activity === 'settleDeployment');
  expect(target.calls().findLastIndex(({ activity }) => activity === 'admitChange')).toBeGreaterThan(settled);
});

test.concurrent('where Temporal knows a deployment of that number, the lane adopts that one, and its own order is the next', async () => {
  const target = setting.newTarget();
  await target.carryOut('one');
  const done = gate();
  target.script({ verifyArtifact: done.pass });
  await startByHand(target, 2);

  expect(await target.deploy('two')).toMatchObject({ deploymentId: null, position: 1 });
  done.open();
  expect(await setting.slipway.follow(await target.deploy('two'))).toMatchObject({
    deploymentId: `${target.name}/3`,
    requestId: 'two',
    result: 'completed',
  });
  expect(target.records().map(({ requestId }) => requestId)).toEqual(['one', 'by hand', 'two']);
});

test.concurrent('a lane that was reset to before its deployment does not carry it out again', async () => {
  const target = setting.newTarget();
  const first = await target.deploy('one');
  const record = await setting.slipway.follow(first);
  await target.attempted('archiveDeployment');
  const { runId } = await target.lane.describe();
  const { events } = await target.lane.fetchHistory();
  const finished = events?.find((event) => event.workflowTaskCompletedEventAttributes)?.eventId ?? null;
  await setting.client.workflowService.resetWorkflowExecution({
    namespace: 'default',
    workflowExecution: { workflowId: target.lane.workflowId, runId },
    reason: 'a person in the Temporal UI',
    workflowTaskFinishEventId: finished,
    requestId: 'reset',
  });

  expect(await target.deploy('one')).toEqual(first);
  expect(await target.carryOut('two')).toMatchObject({ deploymentId: `${target.name}/2` });
  expect(target.records()[0]).toEqual(record);
  expect(target.calls('admitChange')).toHaveLength(2);
});

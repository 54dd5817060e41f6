import { afterAll, beforeAll, expect, test } from 'vitest';
import { gate, saysNo } from './doings.ts';
import { openSetting, type Setting } from './setting.ts';
import { once, type TestTarget } from './test-target.ts';

const BOB = { by: 'bob', reason: 'looked at it' };

let setting: Setting;
beforeAll(async () => {
  // The server suggests to continue as new after as many events as one deployment leaves in its lane.
  setting = await openSetting({
    serverFlags: ['--dynamic-config-value', 'limit.historyCount.suggestContinueAsNew=20'],
  });
});
afterAll(() => setting.close());

const runOf = async ({ lane }: TestTarget): Promise<string> => (await lane.describe()).runId;

async function untilNewRun(target: TestTarget, before: string): Promise<void> {
  await once(async () => ((await runOf(target)) === before ? null : true));
}

test.concurrent('a lane that continues as new keeps its queue, its hold and what is live', async () => {
  const target = setting.newTarget();
  await target.carryOut('one');
  target.script({ observeRelease: saysNo('SMOKE_FAILED') });
  const before = await runOf(target);
  const second = await target.deploy('two');
  const queued = ['three', 'four', 'five'];
  for (const requestId of queued) await target.deploy(requestId);
  await setting.slipway.follow(second);
  target.script({ observeRelease: (input, usual) => usual(input) });
  await untilNewRun(target, before);

  const lane = await target.laneOnce(({ running }) => running === null);
  expect(lane).toMatchObject({
    hold: { by: 'slipway' },
    live: { deploymentId: `${target.name}/1` },
    n: 2,
    generation: 3,
  });
  expect(lane.queue.map(({ order }) => order.requestId)).toEqual(queued);

  await setting.slipway.resume(target.name, BOB);
  expect(await setting.slipway.follow(await target.deploy('five'))).toMatchObject({ deploymentId: `${target.name}/5` });
  expect(target.calls('recoverLane')).toHaveLength(1); // it never began cold again
});

test.concurrent('a request id is one deployment and one answer across runs of the lane', async () => {
  const target = setting.newTarget();
  const answers = [];
  for (const requestId of ['one', 'two', 'three', 'four']) {
    const answer = await target.deploy(requestId);
    answers.push(answer);
    await setting.slipway.follow(answer);
  }
  expect(
    await setting.client.workflow.count(
      `WorkflowId = '${target.lane.workflowId}' AND ExecutionStatus = 'ContinuedAsNew'`,
    ),
  ).not.toEqual({ count: 0 });

  for (const answer of answers)
    expect(await target.deploy(answer.requestId)).toEqual({
      ...answer,
      deploymentId: expect.any(String) as string,
      position: 0,
    });
  await expect(target.deploy('one', 'CHG-2000')).rejects.toMatchObject({ code: 'REQUEST_ID_REUSED' });
  expect(target.records()).toHaveLength(4);
});

test.concurrent('orders that arrive all the while are all carried out, once', async () => {
  const target = setting.newTarget();
  const done = gate();
  target.script({ admitChange: done.pass, buildArtifact: saysNo('BUILD_FAILED') });
  const requestIds = Array.from({ length: 12 }, (_, index) => `order ${index}`);
  await Promise.all(requestIds.slice(0, 6).map((requestId) => target.deploy(requestId)));
  done.open();
  for (const requestId of requestIds.slice(6)) await target.deploy(requestId);

  await once(async () => (target.records().length === 12 ? true : null));
  expect(
    target
      .records()
      .map(({ requestId }) => requestId)
      .toSorted(),
  ).toEqual(requestIds.toSorted());
  expect(target.records().map(({ deploymentId }) => deploymentId)).toEqual(
    requestIds.map((_, index) => `${target.name}/${index + 1}`),
  );
});

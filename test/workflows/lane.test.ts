import { afterAll, beforeAll, expect, test } from 'vitest';
import { gate, saysNo, type Gate } from './doings.ts';
import { openSetting, type Setting } from './setting.ts';
import { detailsOf, once, type TestTarget } from './test-target.ts';

const BOB = { by: 'bob', reason: 'looked at it' };

let setting: Setting;
beforeAll(async () => {
  setting = await openSetting();
});
afterAll(() => setting.close());

/** A target whose first deployment runs until the gate is opened. */
async function busy(): Promise<TestTarget & { readonly done: Gate }> {
  const target = setting.newTarget();
  const done = gate();
  target.script({ buildArtifact: done.pass });
  await target.deploy('one');
  return { ...target, done };
}

/** A target that is held, because its first deployment rolled back. */
async function held(): Promise<TestTarget> {
  const target = setting.newTarget();
  target.script({ observeRelease: saysNo('SMOKE_FAILED') });
  await target.carryOut('one');
  target.script({ observeRelease: (input, usual) => usual(input) });
  await target.laneOnce(({ hold, running }) => hold !== null && running === null);
  return target;
}

const order = (target: TestTarget) =>
  target.calls('admitChange').map(({ input }) => (input as { order: { requestId: string } }).order.requestId);

test.concurrent('an order that can start is answered at once with its deployment, which exists by then', async () => {
  const target = await busy();

  expect(await target.deploy('one')).toEqual({
    requestId: 'one',
    target: target.name,
    deploymentId: `${target.name}/1`,
    position: 0,
  });
  expect((await target.deployment(1).describe()).status.name).toBe('RUNNING');
  target.done.open();
});

test.concurrent('the same request, however often and whenever it is sent, is one deployment and one answer', async () => {
  const target = setting.newTarget();
  const answers = await Promise.all(Array.from({ length: 5 }, () => target.deploy('one')));
  const answer = await target.deploy('one');
  await setting.slipway.follow(answer);

  expect([...answers, await target.deploy('one')]).toEqual(Array.from({ length: 6 }, () => answer));
  expect(await target.carryOut('two')).toMatchObject({ deploymentId: `${target.name}/2` });
  expect(order(target)).toEqual(['one', 'two']);
});

test.concurrent('a request id stands for one content: another order under it is refused, and nothing is queued', async () => {
  const target = await busy();

  await expect(target.deploy('one', 'CHG-2000')).rejects.toMatchObject({
    code: 'REQUEST_ID_REUSED',
    message: expect.stringContaining(`${target.name}/1`) as string,
  });
  expect((await setting.slipway.lane(target.name))?.queue).toEqual([]);
  target.done.open();
});

test.concurrent('something that is no order is refused', async () => {
  const target = await busy();

  for (const garbage of [
    'deploy',
    [],
    null,
    { kind: 'deploy' },
    { kind: 'rollback', requestId: 'x', by: 'ada', reason: 'y' },
  ]) {
    await expect(target.lane.executeUpdate('submit', { args: [garbage] })).rejects.toMatchObject({
      cause: { name: 'ApplicationFailure' },
    });
  }
  const elsewhere = {
    kind: 'rollback',
    requestId: 'x',
    by: 'ada',
    reason: 'y',
    target: { environment: 'live', component: 'web' },
  };
  await expect(target.lane.executeUpdate('submit', { args: [elsewhere] })).rejects.toMatchObject({
    cause: { type: 'USAGE' },
  });
  target.done.open();
});

test.concurrent('orders run one after the other, first in first out, with numbers that have no gaps', async () => {
  const target = await busy();
  expect(await target.deploy('two')).toMatchObject({ deploymentId: null, position: 1 });
  expect(await target.deploy('three')).toMatchObject({ deploymentId: null, position: 2 });
  target.done.open();

  const third = await setting.slipway.follow(await target.deploy('three'));
  expect(third.deploymentId).toBe(`${target.name}/3`);
  expect(order(target)).toEqual(['one', 'two', 'three']);
  const ended = target.records().map(({ stages }) => [stages[0]?.startedAt ?? '', stages.at(-1)?.finishedAt ?? '']);
  expect(ended.flat()).toEqual(ended.flat().toSorted()); // none began before the one before had ended
});

test.concurrent('a rollback goes to the front of the queue', async () => {
  const target = await busy();
  await target.deploy('two');
  expect(await target.rollback('back')).toMatchObject({ position: 1 });
  expect(await target.deploy('two')).toMatchObject({ position: 2 });
  target.done.open();

  await setting.slipway.follow(await target.deploy('two'));
  expect(order(target)).toEqual(['one', 'back', 'two']);
});

test.concurrent('a target that rolled back is held: it queues ordinary orders, says why, and passes rollbacks', async () => {
  const target = await held();

  expect(await target.deploy('two')).toMatchObject({ deploymentId: null, position: 1 });
  expect(await setting.slipway.lane(target.name)).toMatchObject({
    hold: { by: 'slipway', reason: `${target.name}/1 rolled back: SMOKE_FAILED` },
    running: null,
  });
  await setting.slipway.follow(await target.rollback('back'));
  expect(order(target)).toEqual(['one', 'back']);
  expect(await target.deploy('two')).toMatchObject({ deploymentId: null, position: 1 });
});

test.concurrent('a person resumes a held target, by name and reason, and what was queued goes on', async () => {
  const target = await held();
  const queued = await target.deploy('two');

  expect(await setting.slipway.resume(target.name, BOB)).toMatchObject({ hold: null });
  expect(await setting.slipway.follow(queued)).toMatchObject({ deploymentId: `${target.name}/2`, result: 'completed' });
  expect(target.acts().at(-1)).toEqual({ kind: 'resume', ...BOB });
});

test.concurrent('a deployment that was never switched to has used up its generation, and the lane says so', async () => {
  const target = setting.newTarget();
  target.script({ activateRelease: saysNo('INSTANCE_DIED') });

  expect(await target.carryOut('one')).toMatchObject({ result: 'failed', rollback: null });
  expect(target.runtime()).toEqual({ generation: 1, live: null });
  await target.laneOnce(({ generation, running }) => generation === 1 && running === null);
});

test.concurrent('who follows a deployment can give that up: the deployment goes on', async () => {
  const target = await busy();
  const bored = new AbortController();
  const following = setting.slipway.follow(await target.deploy('one'), {
    signal: bored.signal,
    onProgress: () => bored.abort(new Error('seen enough')),
  });

  await expect(following).rejects.toThrow('seen enough');
  target.done.open();
  expect(await setting.slipway.follow(await target.deploy('one'))).toMatchObject({ result: 'completed' });
});

test.concurrent('a target that is resumed while it is being looked at stays resumed', async () => {
  const target = await held();
  const looked = gate();
  target.script({
    archiveDeployment: async (input, usual) => {
      const seen = await usual(input);
      return await looked.pass(input, async () => seen);
    },
  });
  await setting.slipway.follow(await target.rollback('back'));
  await target.attempted('archiveDeployment', 2);
  await setting.slipway.resume(target.name, BOB);
  looked.open();

  await target.attempted('archiveDeployment', 3);
  expect(await target.carryOut('two')).toMatchObject({ result: 'completed' });
});

test.concurrent('a resume without a name, or without a hold, is refused', async () => {
  const target = await held();

  await expect(setting.slipway.resume(target.name, { by: 'bob' } as never)).rejects.toMatchObject({
    code: 'ACT_REFUSED',
  });
  await setting.slipway.resume(target.name, BOB);
  await expect(setting.slipway.resume(target.name, BOB)).rejects.toMatchObject({
    code: 'ACT_REFUSED',
    message: expect.stringContaining('not held') as string,
  });
});

test.concurrent('a resume from the Temporal UI is a signal, and one with anything in it only leaves a note', async () => {
  const target = await held();

  await target.lane.signal('resume');
  for (const garbage of ['go', [], null, { by: 'bob' }]) {
    for (const name of ['resume', 'abort', 'unquarantine']) await target.lane.signal(name, garbage);
  }
  await once(async () => ((await detailsOf(target.lane)).includes('unquarantine refused') ? true : null));
  expect((await setting.slipway.lane(target.name))?.hold).not.toBeNull();
  await target.lane.signal('resume', BOB);
  await target.laneOnce(({ hold }) => hold === null);
});

test.concurrent('an order is taken out of the queue by name: it never runs, spends no number, and its record is sealed', async () => {
  const target = await busy();
  await target.deploy('two');
  await target.deploy('three');

  const lane = await setting.slipway.abortQueued(target.name, { requestId: 'two', ...BOB });
  expect(lane.queue.map((queued) => queued.order.requestId)).toEqual(['three']);
  expect(target.acts()).toMatchObject([
    {
      kind: 'order-ended',
      record: { deploymentId: null, requestId: 'two', result: 'aborted', failure: { code: 'ABORTED' } },
    },
  ]);
  expect(await target.deploy('two')).toMatchObject({ deploymentId: null, position: 0 }); // the same answer from now on
  target.done.open();
  expect(await setting.slipway.follow(await target.deploy('three'))).toMatchObject({
    deploymentId: `${target.name}/2`,
  });
  expect(order(target)).toEqual(['one', 'three']);
});

test.concurrent('an order whose end is being sealed is not started meanwhile', async () => {
  const target = await busy();
  const sealing = gate();
  target.script({ sealAct: sealing.pass });
  await target.deploy('two');
  const aborted = setting.slipway.abortQueued(target.name, { requestId: 'two', ...BOB });
  await target.attempted('sealAct');
  target.done.open();
  await target.laneOnce(({ running }) => running === null);

  sealing.open();
  await aborted;
  expect(order(target)).toEqual(['one']);
});

test.concurrent('only what is queued can be taken out of the queue', async () => {
  const target = await busy();

  for (const requestId of ['nobody', 'one']) {
    await expect(setting.slipway.abortQueued(target.name, { requestId, ...BOB })).rejects.toMatchObject({
      code: 'ACT_REFUSED',
    });
  }
  target.done.open();
});

test.concurrent('an act that the store refuses is refused', async () => {
  const target = await busy();
  target.script({ sealAct: saysNo('ACT_REFUSED', 'it is not quarantined') });

  const digest = `sha256:${'0'.repeat(64)}` as const;
  await expect(setting.slipway.unquarantine(target.name, digest, BOB)).rejects.toMatchObject({
    code: 'ACT_REFUSED',
    message: 'it is not quarantined',
  });
  await expect(setting.slipway.unquarantine(target.name, 'latest' as never, BOB)).rejects.toMatchObject({
    code: 'ACT_REFUSED',
  });
  target.done.open();
});

test.concurrent('a cancellation of the lane stops neither it nor its deployment', async () => {
  const target = await busy();

  await target.lane.cancel();
  await target.deploy('two');
  target.done.open();
  expect(await setting.slipway.follow(await target.deploy('two'))).toMatchObject({ result: 'completed' });
  expect(target.records()).toMatchObject([{ result: 'completed' }, { result: 'completed' }]);
});

test.concurrent('what was kept warm is ended, and the history kept, once a deployment has ended', async () => {
  const target = setting.newTarget();
  await target.carryOut('one');
  await target.attempted('archiveDeployment');
  await target.attempted('retireRelease');

  expect(target.calls('retireRelease').map(({ input }) => input)).toEqual([`${target.name}/1`]);
  expect(target.calls('archiveDeployment').map(({ input }) => input)).toEqual([`${target.name}/1`]);
});

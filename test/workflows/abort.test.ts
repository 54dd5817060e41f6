import { afterAll, beforeAll, expect, test } from 'vitest';
import { gate, hangs } from './doings.ts';
import type { ActivityName } from './fake-platform.ts';
import { openSetting, type Setting } from './setting.ts';
import { detailsOf, once, type TestTarget } from './test-target.ts';

const BOB = { by: 'bob', reason: 'wrong week' };
const GARBAGE = [
  'stop',
  [],
  null,
  7,
  {},
  { reason: 'no name' },
  { by: 'bob' },
  { by: ' ', reason: 'x' },
  { by: 'bob', reason: {} },
];

let setting: Setting;
beforeAll(async () => {
  setting = await openSetting();
});
afterAll(() => setting.close());

/** A target whose first deployment works on an activity until it is aborted. */
async function hangingIn(activity: ActivityName): Promise<TestTarget> {
  const target = setting.newTarget();
  target.script({ [activity]: hangs });
  await target.deploy('one');
  await target.attempted(activity);
  return target;
}

const follow = (target: TestTarget) =>
  setting.slipway.follow({ requestId: 'one', target: target.name, deploymentId: `${target.name}/1` });

test.concurrent('an abort before Deploy stops the stage, restores nothing, and is answered with the sealed record', async () => {
  const target = await hangingIn('buildArtifact');

  const answer = await setting.slipway.abort(`${target.name}/1`, BOB);
  expect(answer).toMatchObject({
    result: 'aborted',
    failure: { code: 'ABORTED', clause: null, stage: 'build', message: 'aborted by bob: wrong week' },
    rollback: null,
  });
  expect(answer.stages.at(-1)).toMatchObject({ stage: 'build', result: 'aborted', evidence: null });
  expect(target.calls('verifyArtifact')).toEqual([]);
  expect(target.calls('restoreRelease')).toEqual([]);
  expect(target.records()).toEqual([answer]);
  expect(await follow(target)).toEqual(answer);
});

test.concurrent('an abort after Deploy restores what was changed', async () => {
  const target = await hangingIn('observeRelease');

  expect(await setting.slipway.abort(`${target.name}/1`, BOB)).toMatchObject({
    result: 'aborted',
    failure: { code: 'ABORTED', stage: 'post-deploy-verification' },
    rollback: { trigger: 'ABORTED', outcome: 'removed' },
  });
  expect(target.runtime()).toEqual({ generation: 2, live: null });
  expect(target.acts().map(({ kind }) => kind)).toEqual(['hold']); // and no quarantine
});

test.concurrent('nothing is restored while the activation still runs: the abort waits for its answer (§2)', async () => {
  const target = setting.newTarget();
  target.script({ activateRelease: (input, usual) => hangs().catch(() => usual(input)) });
  await target.deploy('one');
  await target.attempted('activateRelease');

  expect(await setting.slipway.abort(`${target.name}/1`, BOB)).toMatchObject({
    result: 'aborted',
    rollback: { outcome: 'removed' },
  });
  expect(target.runtime()).toEqual({ generation: 2, live: null });
});

test.concurrent('an abort from the Temporal UI is a signal', async () => {
  const target = await hangingIn('verifyArtifact');

  await target.deployment(1).signal('abort', BOB);
  expect(await follow(target)).toMatchObject({ result: 'aborted', failure: { message: 'aborted by bob: wrong week' } });
});

test.concurrent('a cancellation from the Temporal UI is an abort by nobody that is known', async () => {
  const target = await hangingIn('observeRelease');

  await target.deployment(1).cancel();
  expect(await follow(target)).toMatchObject({
    result: 'aborted',
    failure: {
      code: 'ABORTED',
      message: expect.stringContaining('aborted by unknown: cancelled in Temporal') as string,
    },
    rollback: { trigger: 'ABORTED', outcome: 'removed' },
  });
  expect((await target.deployment(1).describe()).status.name).toBe('FAILED');
});

test.concurrent('an abort that does not say who and why is refused, and the deployment goes on', async () => {
  const target = setting.newTarget();
  const untilRefused = gate();
  target.script({ verifyArtifact: untilRefused.pass });
  await target.deploy('one');
  await target.attempted('verifyArtifact');

  for (const garbage of GARBAGE) {
    await expect(setting.slipway.abort(`${target.name}/1`, garbage as never)).rejects.toMatchObject({
      code: 'ACT_REFUSED',
    });
  }
  await expect(setting.slipway.takeover(`${target.name}/1`, BOB)).rejects.toMatchObject({
    code: 'ACT_REFUSED',
    message: expect.stringContaining('abort it first') as string,
  });
  untilRefused.open();
  expect(await follow(target)).toMatchObject({ result: 'completed' });
});

test.concurrent('a signal with anything in it, or nothing, never fails a deployment: the refusal stands in its details', async () => {
  const target = setting.newTarget();
  const untilRefused = gate();
  target.script({ verifyArtifact: untilRefused.pass });
  await target.deploy('one');
  await target.attempted('verifyArtifact');

  const first = target.deployment(1);
  await first.signal('abort');
  for (const garbage of GARBAGE) {
    await first.signal('abort', garbage);
    await first.signal('takeover', garbage);
  }
  const details = await once(async () => {
    const text = await detailsOf(first);
    return text.includes('takeover refused') ? text : null;
  });
  expect(details).toContain('abort refused: by: expected a text');
  untilRefused.open();
  expect(await follow(target)).toMatchObject({ result: 'completed' });
});

test.concurrent('an abort that comes while the record is being sealed is too late: the deployment is completed, and stays live', async () => {
  const target = setting.newTarget();
  target.script({ complete: (input, usual) => hangs().catch(() => usual(input)) });
  await target.deploy('one');
  await target.attempted('complete');

  expect(await setting.slipway.abort(`${target.name}/1`, BOB)).toMatchObject({ result: 'completed', failure: null });
  expect(target.calls('restoreRelease')).toEqual([]);
  expect(await follow(target)).toMatchObject({ result: 'completed' });
});

test.concurrent('a deployment that has ended cannot be aborted', async () => {
  const target = setting.newTarget();
  await target.carryOut('one');

  await expect(setting.slipway.abort(`${target.name}/1`, BOB)).rejects.toMatchObject({ name: 'SlipwayError' });
  expect(target.records()).toMatchObject([{ result: 'completed' }]);
});

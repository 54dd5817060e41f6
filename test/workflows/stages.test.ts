import { afterAll, beforeAll, expect, test } from 'vitest';
import { defaultPayloadConverter } from '@temporalio/common';
import type { Evidence } from '../../src/contract/evidence.ts';
import { STAGES, type Stage } from '../../src/contract/stages.ts';
import { gate, isOut } from './doings.ts';
import type { ActivityName } from './fake-platform.ts';
import { openSetting, type Setting } from './setting.ts';
import { attributeOf, detailsOf, once } from './test-target.ts';

const ACTIVITIES: readonly ActivityName[] = [
  'admitChange',
  'buildArtifact',
  'verifyArtifact',
  'markReleased',
  'activateRelease',
  'observeRelease',
  'complete',
];

let setting: Setting;
beforeAll(async () => {
  setting = await openSetting();
});
afterAll(() => setting.close());

test.concurrent('a change goes through the seven stages in order, and each consumes the evidence of the one before', async () => {
  const target = setting.newTarget();
  await target.carryOut('one');

  const calls = target.calls().filter(({ activity }) => ACTIVITIES.includes(activity));
  expect(calls.map(({ activity }) => activity)).toEqual(ACTIVITIES);
  const consumed = calls.slice(1).map(({ input }) => (input as { consumes: unknown }).consumes);
  expect(consumed).toEqual(calls.slice(0, -1).map(({ result }) => result));
});

test.concurrent('the record of a completed deployment says what was deployed, when and why (§14)', async () => {
  const target = setting.newTarget();
  const first = await target.carryOut('one');
  const record = await target.carryOut('two');

  expect(record).toMatchObject({
    deploymentId: `${target.name}/2`,
    target: target.name,
    requestId: 'two',
    change: { id: 'CHG-1042', summary: 'Show delivery dates on the product page', requestedBy: 'ada' },
    source: { repository: 'shop' },
    from: first.artifact,
    result: 'completed',
    failure: null,
    rollback: null,
  });
  expect(record.artifact).not.toEqual(first.artifact);
  expect(target.records()).toEqual([first, record]);
});

test.concurrent('the record names the times, in order, and the evidence of each stage', async () => {
  const target = setting.newTarget();
  const { stages } = await target.carryOut('one');

  expect(stages.map(({ stage, result }) => [stage, result])).toEqual(STAGES.map((stage) => [stage, 'passed']));
  const times = stages.flatMap(({ startedAt, finishedAt }) => [startedAt, finishedAt]);
  expect(times.toSorted((a, b) => String(a).localeCompare(String(b)))).toEqual(times);
  const sealed = target
    .calls()
    .flatMap(({ activity, result }) =>
      ACTIVITIES.includes(activity) && activity !== 'complete' ? [(result as Evidence<Stage>).digest] : [],
    );
  expect(stages.slice(0, -1).map(({ evidence }) => evidence)).toEqual(sealed);
});

test.concurrent('operators find it by target, deployment, change, revision, artifact, stage and result', async () => {
  const target = setting.newTarget();
  const record = await target.carryOut('one');

  const { searchAttributes } = await target.deployment(1).describe();
  expect(searchAttributes).toMatchObject({
    SlipwayTarget: [target.name],
    SlipwayDeployment: [`${target.name}/1`],
    SlipwayChange: ['CHG-1042'],
    SlipwayRevision: [record.source?.revision],
    SlipwayArtifact: [record.artifact?.digest],
    SlipwayStage: ['completion'],
    SlipwayResult: ['completed'],
  });
});

test.concurrent('while it runs, its stage can be filtered by, and its details and status show how far it is', async () => {
  const target = setting.newTarget();
  const untilSeen = gate();
  target.script({ verifyArtifact: untilSeen.pass });
  const submission = await target.deploy('one');
  await target.attempted('verifyArtifact');

  expect(await attributeOf(target.deployment(1), 'stage')).toBe('verification');
  const details = await detailsOf(target.deployment(1));
  expect(details).toContain('| build | ✓ |');
  expect(details).toContain('| verification | running |');
  expect(details).toContain('CHG-1042: Show delivery dates on the product page');
  const status = await setting.slipway.deployment(`${target.name}/1`);
  expect(status.result).toBeNull();
  expect(status.stages.map(({ result }) => result)).toEqual(['passed', 'passed', null]);

  untilSeen.open();
  expect(await setting.slipway.follow(submission)).toMatchObject({ result: 'completed' });
});

test.concurrent('every activity and timer has a line that says in the Temporal UI what it is', async () => {
  const target = setting.newTarget();
  target.script({ observeRelease: isOut('RUNTIME_UNAVAILABLE') }); // so that there is a rollback, with its timer
  await target.carryOut('one');

  for (const handle of [target.lane, target.deployment(1)]) {
    const { events } = await handle.fetchHistory();
    const started = events?.filter(
      (event) => event.activityTaskScheduledEventAttributes ?? event.timerStartedEventAttributes,
    );
    expect(started?.length).toBeGreaterThan(0);
    for (const { userMetadata } of started ?? []) {
      expect(userMetadata?.summary && defaultPayloadConverter.fromPayload(userMetadata.summary)).toMatch(/\w/);
    }
  }
});

test.concurrent('an outage of ours that passes is retried, and is nothing that the record speaks of', async () => {
  const target = setting.newTarget();
  target.script({ verifyArtifact: isOut('STORE_UNAVAILABLE', 3) });

  expect(await target.carryOut('one')).toMatchObject({ result: 'completed', failure: null });
  expect(target.calls('verifyArtifact')).toHaveLength(4);
});

test.concurrent('a bug in the workflows stops their task, not the deployment, which a mended worker goes on with', async () => {
  const target = setting.newTarget();
  target.script({ buildArtifact: async () => null as never });
  await target.deploy('one');

  const failedTask = async () =>
    (await target.deployment(1).fetchHistory()).events?.find((event) => event.workflowTaskFailedEventAttributes);
  expect(await once(async () => (await failedTask()) ?? null)).toBeTruthy();
  expect((await target.deployment(1).describe()).status.name).toBe('RUNNING');
  expect(target.records()).toEqual([]);
});

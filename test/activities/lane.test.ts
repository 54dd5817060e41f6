import { CancelledFailure } from '@temporalio/activity';
import { describe, expect, test } from 'vitest';
import { createLane } from '../../activities/lane.ts';
import { readSealedBlob } from '../../src/artifacts/sealed.ts';
import type { Act } from '../../src/contract/acts.ts';
import type { Digest } from '../../src/contract/digest.ts';
import { contentOf } from '../../src/contract/order.ts';
import { openRecord } from '../../src/contract/record.ts';
import { quarantineOf, readActs } from '../../src/records/acts.ts';
import { nameOf } from '../../src/records/names.ts';
import { orderOf, TARGET } from '../records/plan.ts';
import { failureOf, openEnvironment, openPlatform, run } from './setting.ts';

const DIGEST: Digest = `sha256:${'a'.repeat(64)}`;
const UNQUARANTINE: Act = { kind: 'unquarantine', digest: DIGEST, by: 'ada', reason: 'it was the network' };
const QUARANTINE: Act = { kind: 'quarantine', digest: DIGEST, by: 'ada', reason: 'bad' };
const SMOKE = { ends: { stage: 'post-deploy-verification', code: 'SMOKE_FAILED', restored: 'restored' } } as const;
const STARTED = '2026-11-23T11:00:00.000Z';

async function openLane() {
  const platform = await openPlatform();
  const lane = createLane(platform.deps);
  const sealAct = (act: Act, key: string) => run(lane.sealAct, { target: TARGET, act, key });
  return { ...platform, lane, sealAct, recover: () => run(lane.recoverLane, TARGET) };
}

describe('a lane that begins cold', () => {
  test('on a new target knows that there is nothing', async () => {
    const { recover } = await openLane();
    expect(await recover()).toEqual({
      live: null,
      generation: 0,
      knownHealthy: null,
      hold: null,
      watch: null,
      n: 0,
      recent: [],
      unfinished: [],
    });
  });

  test('knows its past from the store, and its present from the runtime', async () => {
    const { recover, deployed, target, runtime } = await openLane();
    const first = await deployed();
    const second = await target.deploy(SMOKE);
    runtime.set(second.after!);
    const live = { ...first.record.artifact!, deploymentId: first.record.deploymentId! };
    const facts = await recover();
    expect(facts).toMatchObject({ live, generation: 3, knownHealthy: live, n: 2, unfinished: [] });
    expect(facts.hold).toMatchObject({ by: 'slipway', reason: 'staging/storefront/2 rolled back: SMOKE_FAILED' });
    expect(facts.recent).toEqual(
      [1, 2].map((n) => ({
        requestId: `request-${n}`,
        content: contentOf(orderOf(`request-${n}`)),
        deploymentId: `staging/storefront/${n}`,
      })),
    );
  });

  test('finds the deployments that have no record yet, in order, and spends no number of theirs', async () => {
    const { recover, lane, deployed, temporal, target } = await openLane();
    await deployed();
    temporal.start(target.idOf(1), orderOf('request-1'), STARTED);
    await run(lane.archiveDeployment, target.idOf(1));
    temporal.start(target.idOf(2), orderOf('lost'), STARTED);
    temporal.start(target.idOf(3), orderOf('open'), STARTED);
    expect(await recover()).toMatchObject({
      n: 3,
      unfinished: [
        { n: 2, order: orderOf('lost'), startedAt: STARTED },
        { n: 3, order: orderOf('open'), startedAt: STARTED },
      ],
    });
  });

  test('remembers the requests whose order ended in the queue', async () => {
    const { recover, sealAct } = await openLane();
    const order = orderOf('queued');
    await sealAct({ kind: 'order-ended', record: { ...openRecord(null, order), result: 'aborted' }, order }, 'queued');
    expect((await recover()).recent).toEqual([{ requestId: 'queued', content: contentOf(order), deploymentId: null }]);
  });

  test('takes up the newest again when its history was not kept: its lane had no time to', async () => {
    const { recover, deployed, temporal, target } = await openLane();
    await deployed();
    await deployed();
    for (const n of [1, 2]) temporal.start(target.idOf(n), orderOf(`request-${n}`), STARTED);
    expect(await recover()).toMatchObject({
      n: 2,
      unfinished: [{ n: 2, order: orderOf('request-2'), startedAt: STARTED }],
    });
  });

  test('takes what the newest record left for the present while the runtime does not answer', async () => {
    const { recover, deployed, runtime } = await openLane();
    const { after } = await deployed();
    runtime.away();
    expect(await recover()).toMatchObject({ ...after, n: 1 });
  });
});

describe('an act', () => {
  test('are sealed of a target alone: another name would be counted among the acts of one', async () => {
    const { lane, store } = await openLane();
    const target = { ...TARGET, environment: `${TARGET.environment}.x` };
    const act: Act = { kind: 'resume', by: 'eve', reason: 'seen' };
    const said = await failureOf(run(lane.sealAct, { target, act, key: 'k' }));
    expect(said).toMatchObject({ code: 'ACT_REFUSED', retried: false });
    expect(await store.names('act.')).toEqual([]);
  });

  test('is sealed in the target’s chain once, however often it is asked for', async () => {
    const { sealAct, store } = await openLane();
    const resume: Act = { kind: 'resume', by: 'ada', reason: 'seen' };
    const sealed = await sealAct(resume, 'one');
    expect(sealed).toMatchObject({ number: 1, target: 'staging/storefront', act: resume });
    expect(await sealAct(resume, 'one')).toEqual(sealed);
    expect(await readActs(store, TARGET)).toHaveLength(1);
  });

  test('that lifts a quarantine takes effect', async () => {
    const { sealAct, store } = await openLane();
    await sealAct(QUARANTINE, 'bad');
    expect(await quarantineOf(store, DIGEST)).toMatchObject({ quarantined: true });
    await sealAct(UNQUARANTINE, 'lifted');
    expect(await quarantineOf(store, DIGEST)).toMatchObject({ quarantined: false });
  });

  test('that lifts what is not quarantined is refused, and leaves no trace', async () => {
    const { sealAct, store } = await openLane();
    expect(await failureOf(sealAct(UNQUARANTINE, 'lifted'))).toMatchObject({ code: 'ACT_REFUSED', retried: false });
    expect(await readActs(store, TARGET)).toEqual([]);
  });

  test('that lifted a quarantine is not refused when it is asked for again, its answer having been lost', async () => {
    const { sealAct } = await openLane();
    await sealAct(QUARANTINE, 'bad');
    const sealed = await sealAct(UNQUARANTINE, 'lifted');
    expect(await sealAct(UNQUARANTINE, 'lifted')).toEqual(sealed);
  });
});

describe('a deployment that has closed', () => {
  test('leaves its history in the store once, and the lane is told what the target looks like now', async () => {
    const { lane, deployed, temporal, store } = await openLane();
    const { record, after } = await deployed();
    const present = await run(lane.archiveDeployment, record.deploymentId!);
    expect(present).toEqual({ ...after, knownHealthy: after?.live, hold: null, watch: null });
    await run(lane.archiveDeployment, record.deploymentId!);
    expect(temporal.asked.history).toBe(1);
    expect((await readSealedBlob(store, nameOf.history(record.deploymentId!)))?.toString()).toBe('a history');
  });

  test.each(['with', 'without'])('is waited for, and may have ended %s a record', async (how) => {
    const { lane, deployed, temporal } = await openLane();
    const { record } = await deployed();
    const waiting = run(lane.awaitDeployment, record.deploymentId!);
    temporal.close(record.deploymentId!, how === 'with' ? record : null);
    expect(await waiting).toEqual(how === 'with' ? record : null);
  });

  test('is no longer waited for by a worker that shuts down', async () => {
    const { lane, target } = await openLane();
    const environment = openEnvironment();
    const waiting = environment.run(() => lane.awaitDeployment(target.idOf(1)));
    const ended = waiting.catch((thrown: unknown) => thrown);
    environment.cancel('WORKER_SHUTDOWN');
    expect(await ended).toBeInstanceOf(CancelledFailure);
  });
});

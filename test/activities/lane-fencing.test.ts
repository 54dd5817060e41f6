import { expect, test } from 'vitest';
import { quarantineOf, readActs, setQuarantine } from '../../src/records/acts.ts';
import { nameOf } from '../../src/records/names.ts';
import { attempt, openScene, VALID } from './scene.ts';

test('a deployment that Temporal has lost is found again by what it had sealed, and settled', async () => {
  const { id, order, target, orchestrator, deployer, first, runtime, verify } = await openScene('deploy');
  const facts = await attempt(() => orchestrator.recoverLane(target));
  expect(facts).toMatchObject({ n: 2, unfinished: [{ n: 2, order }] });
  expect(await attempt(() => orchestrator.awaitDeployment(id))).toBeNull();
  const [{ startedAt } = { startedAt: '' }] = facts.unfinished;
  const record = await attempt(() => deployer.settleDeployment({ deploymentId: id, order, startedAt }));
  expect(record).toMatchObject({ result: 'rolled-back', failure: { code: 'DEPLOYMENT_TERMINATED' } });
  expect(runtime.shows()).toEqual({ generation: 3, live: first.after?.live });
  expect(await verify()).toMatchObject(VALID);
});

test('a lane goes on although the history of its deployment was deleted in Temporal', async () => {
  const { id, store, orchestrator, first } = await openScene('build');
  const live = first.after?.live;
  expect(await attempt(() => orchestrator.archiveDeployment(id))).toMatchObject({ live, generation: 1 });
  expect(await store.resolve(nameOf.history(id))).toBeNull();
});

test('a quarantine that was lifted, and whose answer was lost, is lifted once, and nobody is told that it was not', async () => {
  const { store, target, orchestrator, first } = await openScene('change-intake');
  const { digest } = first.record.artifact!;
  await setQuarantine(store, { kind: 'quarantine', digest, by: 'slipway', reason: 'bad' }, 'bad');
  const lift = { target, act: { kind: 'unquarantine', digest, by: 'ada', reason: 'seen' }, key: 'lift' } as const;
  const lifted = await attempt(() => orchestrator.sealAct(lift));
  expect(await attempt(() => orchestrator.sealAct(lift))).toEqual(lifted);
  expect(await readActs(store, target)).toHaveLength(1);
  expect(await quarantineOf(store, digest)).toMatchObject({ quarantined: false });
  await expect(attempt(() => orchestrator.sealAct({ ...lift, key: 'other' }))).rejects.toMatchObject({
    type: 'ACT_REFUSED',
  });
});

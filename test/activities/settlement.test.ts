import { describe, expect, test } from 'vitest';
import { createDeploy } from '../../activities/deploy.ts';
import { createSettlement } from '../../activities/settlement.ts';
import type { Stage } from '../../src/contract/stages.ts';
import { quarantineOf, readActs } from '../../src/records/acts.ts';
import { nameOf } from '../../src/records/names.ts';
import { readRecord } from '../../src/records/record.ts';
import { verifyDeployment } from '../../src/records/verify.ts';
import { TARGET, type Plan } from '../records/plan.ts';
import { handsOn } from '../records/scratch.ts';
import { failureOf, openPlatform, run } from './setting.ts';

const STARTED = '2026-11-23T09:00:00.500Z';

/** A deployment whose workflow ended without a record, after `last` had sealed its evidence; another is live before it. */
async function openLost(last: Stage | null, plan: Plan = {}) {
  const platform = await openPlatform();
  const before = await platform.deployed();
  const running = await platform.target.begin(plan);
  const { deploymentId, generation, release, order } = running;
  if (last !== null) await running.passUpTo(last);
  const activate = () =>
    platform.runtime.driver.activate({
      target: TARGET,
      deploymentId,
      generation: generation + 1,
      release: { ...release, deploymentId },
    });
  const settle = () =>
    run(createSettlement(platform.deps).settleDeployment, { deploymentId, order, startedAt: STARTED });
  const verdict = async () => await verifyDeployment(platform.artifacts, deploymentId);
  const hands = handsOn(platform.path, TARGET.component);
  return { ...platform, before, running, deploymentId, release, activate, settle, verdict, hands };
}

const VALID = { verdict: 'VALID', clause: null, reason: null };
const stagesOf = ({ stages }: { readonly stages: readonly { stage: Stage; result: unknown }[] }) =>
  stages.map(({ stage, result }) => `${stage} ${String(result)}`);

describe('a deployment that ended without a record is settled', () => {
  test('as failed when it was never admitted: nobody had said no to it, and the runtime is left alone', async () => {
    const { settle, verdict, runtime } = await openLost(null);
    const record = await settle();
    expect(record).toMatchObject({
      result: 'failed',
      failure: { code: 'DEPLOYMENT_TERMINATED', clause: '§11' },
      rollback: null,
    });
    expect(stagesOf(record)).toEqual(['change-intake aborted']);
    expect(runtime.calls).not.toContain('restore');
    expect(await verdict()).toMatchObject(VALID);
  });

  test('as failed when nothing had been activated, with its generation burned', async () => {
    const { settle, verdict, runtime, before } = await openLost('build');
    const record = await settle();
    expect(record).toMatchObject({ result: 'failed', failure: { stage: 'verification' }, rollback: null });
    expect(stagesOf(record)).toEqual(['change-intake passed', 'build passed', 'verification aborted']);
    expect(runtime.state()).toEqual({ generation: 2, live: before.after?.live });
    expect(await verdict()).toMatchObject(VALID);
  });

  test.each([
    ['while it was activated', 'release', 'deploy aborted'],
    ['while it was verified live', 'deploy', 'post-deploy-verification aborted'],
    ['before it could complete', 'post-deploy-verification', 'completion aborted'],
    ['when all was proved, and not yet recorded', 'completion', 'completion aborted'],
  ] as const)('as rolled back when it was live: lost %s', async (_, last, ends) => {
    const { settle, verdict, runtime, before, activate, release, store } = await openLost(last);
    await activate();
    const record = await settle();
    const to = before.record.artifact;
    expect(record).toMatchObject({
      result: 'rolled-back',
      rollback: { trigger: 'DEPLOYMENT_TERMINATED', outcome: 'restored', to },
    });
    expect(stagesOf(record).at(-1)).toBe(ends);
    expect(runtime.state()).toEqual({ generation: 3, live: before.after?.live });
    expect(await verdict()).toMatchObject(VALID);
    expect((await readActs(store, TARGET)).map(({ act }) => act.kind)).toEqual(['hold']);
    expect(await quarantineOf(store, release.digest)).toMatchObject({ quarantined: false });
  });

  test('with the evidence of a stage that had said no', async () => {
    const ends = { stage: 'verification', code: 'VERIFICATION_FAILED' } as const;
    const { settle, verdict, running, hands, deploymentId } = await openLost('build', { ends });
    const standing = await running.end();
    await hands.unname(nameOf.record(deploymentId));
    await hands.unname(nameOf.outcome(deploymentId));
    const record = await settle();
    expect(record).toMatchObject({
      result: 'failed',
      failure: { code: 'DEPLOYMENT_TERMINATED', stage: 'verification' },
    });
    expect(record.stages.at(-1)).toMatchObject({ result: 'failed', evidence: standing.record.stages.at(-1)?.evidence });
    expect(await verdict()).toMatchObject(VALID);
  });

  test('once: settled again, it is the same record', async () => {
    const { settle, activate, runtime } = await openLost('deploy');
    await activate();
    const record = await settle();
    expect(await settle()).toEqual(record);
    expect(runtime.state().generation).toBe(3);
  });

  test('and what follows from its record is sealed, though the attempt before was cut short just there', async () => {
    const { settle, activate, hands, store, verdict } = await openLost('deploy');
    await activate();
    await settle();
    await hands.unname(nameOf.act(TARGET, 1));
    await settle();
    expect((await readActs(store, TARGET)).map(({ act }) => act.kind)).toEqual(['hold']);
    expect(await verdict()).toMatchObject(VALID);
  });

  test('as what it was when its record stands', async () => {
    const { settle, running, runtime } = await openLost('completion');
    const { record } = await running.end();
    expect(await settle()).toEqual(record);
    expect(runtime.calls).not.toContain('restore');
  });

  test('as completed when that was decided, and only its own name was not written yet', async () => {
    const { settle, running, runtime, hands, deploymentId, store, verdict } = await openLost('completion');
    const { record } = await running.end();
    await hands.unname(nameOf.record(deploymentId));
    expect(await settle()).toEqual(record);
    expect(await readRecord(store, deploymentId)).toMatchObject({ record });
    expect(runtime.calls).not.toContain('restore');
    expect(await verdict()).toMatchObject(VALID);
  });

  test('and what was still on its way does nothing any more', async () => {
    const { settle, deps, running, deploymentId, runtime } = await openLost('release');
    const record = await settle();
    const late = run(createDeploy(deps).activateRelease, { deploymentId, consumes: await running.passUpTo('release') });
    expect(await failureOf(late)).toMatchObject({ code: 'EVIDENCE_REUSED', sealed: record });
    expect(runtime.calls).not.toContain('activate');
  });

  test('in the order of its evidence, though the clocks of the machines differ', async () => {
    const { settle, verdict } = await openLost('verification', {
      forge: {
        evidence: {
          build: (honest) => ({
            ...honest,
            startedAt: '2026-11-23T08:00:00.000Z',
            finishedAt: '2026-11-23T08:00:01.000Z',
          }),
        },
      },
    });
    await settle();
    expect(await verdict()).toMatchObject(VALID);
  });
});

import { afterEach, describe, expect, test, vi } from 'vitest';
import { carryOut } from '../../activities/stage.ts';
import { SlipwayError } from '../../src/contract/failure.ts';
import { recordedRollback } from '../../src/contract/outcome.ts';
import { endStage } from '../../src/contract/record.ts';
import { readEvidence } from '../../src/records/evidence.ts';
import { nameOf } from '../../src/records/names.ts';
import { claimRestoration, readRecord } from '../../src/records/record.ts';
import { WITHIN } from '../records/made-up.ts';
import { attempt, logger, openScene, VALID } from './scene.ts';

afterEach(() => vi.useRealTimers());

const AT = '2026-11-23T12:00:00.000Z';
const REFUSED = { type: 'EVIDENCE_REUSED', nonRetryable: true };

/** From now on this machine's clock says so. */
function setClock(moment: string): void {
  vi.useFakeTimers({ toFake: ['Date'], now: new Date(moment) });
}

describe('an attempt that goes on while its deployment is being restored', () => {
  test.each([
    ['found the release bad', () => Promise.reject(new SlipwayError('HEALTH_FAILED', 'it answers no more'))],
    ['found it good', () => Promise.resolve({ image: null, findings: {} as never })],
  ])('seals nothing, although it %s: what it looked at was changed by then', async (_, found) => {
    const { artifacts, store, id, previous } = await openScene('deploy');
    const request = { stage: 'post-deploy-verification', deploymentId: id, previous } as const;
    const attempted = attempt(() =>
      carryOut({ artifacts, logger }, request, async () => {
        await claimRestoration(store, { deploymentId: id, generation: 2, at: AT });
        return await found();
      }),
    );
    await expect(attempted).rejects.toMatchObject(REFUSED);
    expect(await readEvidence(store, id, 'post-deploy-verification')).toBeNull();
  });

  test('does not complete it, and is not counted against the digest', async () => {
    const { store, id, consumes, draft, orchestrator, executions } = await openScene('post-deploy-verification');
    executions.isVisible = async () => {
      await claimRestoration(store, { deploymentId: id, generation: 2, at: AT });
      return true;
    };
    const input = { deploymentId: id, consumes, draft: draft('completion') };
    await expect(attempt(() => orchestrator.complete(input))).rejects.toMatchObject(REFUSED);
    expect(await readRecord(store, id)).toBeNull();
  });
});

describe('a restoration that goes on after the record was sealed', () => {
  test('leaves the runtime to the person who took it over', async () => {
    const ends = { stage: 'post-deploy-verification', code: 'HEALTH_FAILED', restored: null } as const;
    const { running, restoration, runtime, deployer } = await openScene('deploy', { ends });
    await running.end();
    const before = runtime.shows();
    expect(await attempt(() => deployer.restoreRelease(restoration))).toEqual({ outcome: 'recorded', after: null });
    expect(runtime.shows()).toEqual(before);
  });

  test('never burns the generation that the next deployment is to make', async () => {
    const ends = { stage: 'build', code: 'BUILD_FAILED' } as const;
    const { running, restoration, first, runtime, deployer } = await openScene('change-intake', { ends });
    await running.end();
    expect(await attempt(() => deployer.restoreRelease(restoration))).toMatchObject({ outcome: 'recorded' });
    expect(runtime.shows()).toEqual(first.after);
  });
});

describe('a settlement', () => {
  test('finds a record that had decided the seventh stage, and leaves the runtime as that record says', async () => {
    const ends = { stage: 'build', code: 'BUILD_FAILED' } as const;
    const { id, running, first, runtime, deployer, settlement, hands, verify } = await openScene('change-intake', {
      ends,
    });
    const { record } = await running.end();
    await hands.unname(nameOf.record(id)); // as if killed between the two names
    expect(await attempt(() => deployer.settleDeployment(settlement))).toEqual(record);
    expect(runtime.shows()).toEqual(first.after);
    expect(await verify()).toMatchObject(VALID);
  });

  test('knows of everything that another run of the deployment still proves', async () => {
    const { store, id, runtime, deployer, orchestrator, settlement, consumes, verify } =
      await openScene('verification');
    runtime.onRestore(async () => {
      await expect(attempt(() => orchestrator.markReleased({ deploymentId: id, consumes }))).rejects.toMatchObject(
        REFUSED,
      );
    });
    const record = await attempt(() => deployer.settleDeployment(settlement));
    expect(record).toMatchObject({ result: 'failed', failure: { code: 'DEPLOYMENT_TERMINATED', stage: 'release' } });
    expect(await readEvidence(store, id, 'release')).toBeNull();
    expect(await verify()).toMatchObject(VALID);
  });

  test('counts from when it was begun, however often it is tried', async () => {
    const { runtime, deployer, settlement, verify } = await openScene('deploy');
    setClock('2026-11-23T12:00:00.000Z');
    runtime.onRestore(() => Promise.reject(new SlipwayError('RUNTIME_UNAVAILABLE', 'it does not answer')));
    await expect(attempt(() => deployer.settleDeployment(settlement))).rejects.toMatchObject({ nonRetryable: false });
    setClock('2026-11-23T12:01:00.000Z');
    runtime.onRestore(async () => undefined);
    expect(await attempt(() => deployer.settleDeployment(settlement))).toMatchObject({
      result: 'rolled-back',
      rollback: { outcome: 'late', startedAt: AT, restoredAt: '2026-11-23T12:01:00.000Z' },
    });
    expect(await verify()).toMatchObject(VALID);
  });

  test('is refused by the deployer of another environment', async () => {
    const { deployer, settlement, store } = await openScene('deploy');
    const other = { ...settlement, deploymentId: 'production/storefront/1' };
    await expect(attempt(() => deployer.settleDeployment(other))).rejects.toMatchObject({ type: 'UNTRUSTED_EVIDENCE' });
    expect(await readRecord(store, other.deploymentId)).toBeNull();
  });

  test('is not overtaken by the record of a run that was reset meanwhile and had nothing to undo', async () => {
    const { store, id, order, draft, orchestrator, deployer, settlement, runtime, verify } =
      await openScene('change-intake');
    const failure = { code: 'ABORTED', clause: null, stage: 'build', message: 'aborted by eve' } as const;
    const record = {
      ...endStage(draft('build'), 'aborted', new Date().toISOString(), null),
      failure,
      result: 'aborted',
    } as const;
    runtime.onRestore(async () => {
      const sealing = attempt(() => orchestrator.sealRecord({ record, order, after: null }));
      await expect(sealing).rejects.toMatchObject({ type: 'UNTRUSTED_EVIDENCE', nonRetryable: true });
    });
    await attempt(() => deployer.settleDeployment(settlement));
    expect((await readRecord(store, id))?.after).toEqual(runtime.shows());
    expect(await verify()).toMatchObject(VALID);
  });
});

describe('clocks that differ', () => {
  test('completion does not end before it began, by a workflow whose clock is ahead', async () => {
    const { id, consumes, draft, orchestrator, verify } = await openScene('post-deploy-verification');
    const ahead = '2099-01-01T00:00:00.000Z';
    const input = { deploymentId: id, consumes, draft: draft('completion', ahead) };
    const record = await attempt(() => orchestrator.complete(input));
    expect(record.stages.at(-1)).toMatchObject({ startedAt: ahead, finishedAt: ahead });
    expect(await verify()).toMatchObject(VALID);
  });

  test('a stage does not end before it began, on a machine whose clock is set back meanwhile', async () => {
    const { artifacts, store, id, previous } = await openScene('verification');
    setClock('2026-11-23T12:00:05.000Z');
    const request = { stage: 'release', deploymentId: id, previous } as const;
    await attempt(() =>
      carryOut({ artifacts, logger }, request, async () => {
        setClock(AT);
        return { image: null, findings: {} as never };
      }),
    );
    const { startedAt, finishedAt } = (await readEvidence(store, id, 'release'))!.predicate;
    expect(finishedAt >= startedAt).toBe(true);
  });
});

test('a rollback that a person took over before any deployer began it keeps the contract', async () => {
  const { restoration, order, draft, orchestrator, verify } = await openScene('post-deploy-verification');
  const failure = { code: 'ABORTED', clause: null, stage: 'completion', message: 'aborted by eve' } as const;
  const running = draft('completion');
  const now = Date.now();
  const course = { trigger: 'ABORTED', to: restoration.to, startedAt: now, endedAt: now, within: WITHIN } as const;
  const rollback = recordedRollback({ ...course, restored: null });
  const aborted = endStage(running, 'aborted', new Date(now).toISOString(), null);
  const record = { ...aborted, failure, rollback, result: 'rollback-failed' } as const;
  await attempt(() => orchestrator.sealRecord({ record, order, after: null }));
  expect(await verify()).toMatchObject(VALID);
});

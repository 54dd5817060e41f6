import { once } from 'node:events';
import { CancelledFailure } from '@temporalio/activity';
import { describe, expect, test } from 'vitest';
import { perform } from '../../activities/activity.ts';
import { carryOut, type StageFindings, type StageWork } from '../../activities/stage.ts';
import { SlipwayError, type FailureCode } from '../../src/contract/failure.ts';
import { readEvidence } from '../../src/records/evidence.ts';
import { storeImage } from '../records/made-up.ts';
import { failureOf, logger, openEnvironment, openPlatform, run } from './setting.ts';

/** Verification of a first deployment whose build has passed, with whatever work a test gives it. */
async function openStage() {
  const platform = await openPlatform();
  const running = await platform.target.begin();
  const { deploymentId } = running;
  const build = await running.passUpTo('build');
  const { descriptor } = await storeImage(platform.artifacts, 'version 1');
  const findings = { artifact: running.release.digest, verdict: 'pass', findings: [], sandbox: 'bwrap' };
  const good: StageFindings<'verification'> = { image: descriptor, findings };
  const attempts: StageWork[] = [];
  const verify = (work: (stage: StageWork) => Promise<StageFindings<'verification'>>, previous = build.digest) =>
    carryOut(platform.deps, { stage: 'verification', deploymentId, previous }, (stage) => {
      attempts.push(stage);
      return work(stage);
    });
  const sealed = () => readEvidence(platform.store, deploymentId, 'verification');
  return { ...platform, running, deploymentId, build, good, attempts, verify, sealed };
}

const says = (code: FailureCode) => async (): Promise<never> => {
  throw new SlipwayError(code, 'so it is');
};

describe('a stage that passes', () => {
  test('seals what it found, when, on what, and about which bytes', async () => {
    const { verify, sealed, good, build, running, deploymentId } = await openStage();
    const evidence = await run(() => verify(async () => good), undefined);
    expect(evidence).toEqual({ stage: 'verification', digest: (await sealed())?.digest, facts: null });
    expect(await sealed()).toMatchObject({
      predicate: {
        stage: 'verification',
        deploymentId,
        target: 'staging/storefront',
        previous: build.digest,
        result: 'passed',
        failure: null,
      },
      subject: [{ name: 'storefront', digest: { sha256: running.release.digest.slice('sha256:'.length) } }],
    });
  });

  test('is told whose it is, and is given the store of its component', async () => {
    const { verify, attempts, good, deploymentId } = await openStage();
    await run(() => verify(async () => good), undefined);
    const [stage] = attempts;
    expect(stage).toMatchObject({ deploymentId, target: { environment: 'staging', component: 'storefront' } });
    expect(stage?.store.component).toBe('storefront');
  });

  test('repeated after a lost answer, answers with the evidence that stands, and does nothing', async () => {
    const { verify, attempts, good } = await openStage();
    const first = await run(() => verify(async () => good), undefined);
    expect(await run(() => verify(says('VERIFICATION_FAILED')), undefined)).toEqual(first);
    expect(attempts).toHaveLength(1);
  });

  test('asked on other evidence than it was carried out on, is not the answer', async () => {
    const { verify, good } = await openStage();
    await run(() => verify(async () => good), undefined);
    const said = await failureOf(run(() => verify(async () => good, `sha256:${'0'.repeat(64)}`), undefined));
    expect(said).toMatchObject({ code: 'UNTRUSTED_EVIDENCE', retried: false });
  });
});

describe('a stage that says no', () => {
  test('seals that, and fails with its code, its clause and its evidence, once and for all', async () => {
    const { verify, sealed } = await openStage();
    const said = await failureOf(run(() => verify(says('VERIFICATION_FAILED')), undefined));
    const evidence = await sealed();
    expect(said).toMatchObject({
      code: 'VERIFICATION_FAILED',
      clause: '§7',
      message: 'so it is',
      retried: false,
      evidence: evidence?.digest,
    });
    expect(evidence?.predicate).toMatchObject({
      result: 'failed',
      findings: null,
      failure: { code: 'VERIFICATION_FAILED', clause: '§7' },
    });
  });

  test('seals what it had found by then', async () => {
    const { verify, sealed, good } = await openStage();
    const failure = new SlipwayError('VERIFICATION_INCONCLUSIVE', 'nobody can tell');
    const said = await failureOf(run(() => verify(async () => ({ ...good, failure })), undefined));
    expect(said.code).toBe('VERIFICATION_INCONCLUSIVE');
    expect((await sealed())?.predicate).toMatchObject({ result: 'failed', findings: good.findings });
  });

  test('repeated, says the same no with the same evidence, and does nothing', async () => {
    const { verify, attempts, good } = await openStage();
    const first = await failureOf(run(() => verify(says('VERIFICATION_FAILED')), undefined));
    expect(await failureOf(run(() => verify(async () => good), undefined))).toEqual(first);
    expect(attempts).toHaveLength(1);
  });

  test('to a caller who brought another chain, seals nothing in the way of the deployment itself', async () => {
    const { verify, sealed, good } = await openStage();
    const foreign = () => verify(says('ARTIFACT_CORRUPT'), `sha256:${'0'.repeat(64)}`);
    expect(await failureOf(run(foreign, undefined))).toMatchObject({ code: 'ARTIFACT_CORRUPT', evidence: null });
    expect(await failureOf(run(() => verify(says('UNTRUSTED_EVIDENCE')), undefined))).toMatchObject({ evidence: null });
    expect(await sealed()).toBeNull();
    await expect(run(() => verify(async () => good), undefined)).resolves.toMatchObject({ stage: 'verification' });
  });
});

describe('an error of our own side', () => {
  test.each(['STORE_UNAVAILABLE', 'RUNTIME_UNAVAILABLE', 'SOURCE_UNAVAILABLE'] as const)(
    '%s is tried again, and seals nothing against the change',
    async (code) => {
      const { verify, sealed, good } = await openStage();
      expect(await failureOf(run(() => verify(says(code)), undefined))).toMatchObject({
        code,
        retried: true,
        evidence: null,
      });
      expect(await sealed()).toBeNull();
      await expect(run(() => verify(async () => good), undefined)).resolves.toMatchObject({ stage: 'verification' });
    },
  );

  test('that nobody expected is INTERNAL, and is tried again', async () => {
    const { verify, sealed } = await openStage();
    const bug = async (): Promise<never> => {
      throw new RangeError('a bug');
    };
    expect(await failureOf(run(() => verify(bug), undefined))).toMatchObject({
      code: 'INTERNAL',
      message: 'a bug',
      retried: true,
    });
    expect(await sealed()).toBeNull();
  });
});

describe('a deployment that has ended', () => {
  test('is answered with its record, whatever is asked of it', async () => {
    const { verify, running, attempts, good } = await openStage();
    const { record } = await running.end();
    const said = await failureOf(run(() => verify(async () => good), undefined));
    expect(said).toMatchObject({ code: 'EVIDENCE_REUSED', retried: false, sealed: record });
    expect(attempts).toHaveLength(0);
  });
});

describe('an abort', () => {
  test('reaches the work, which ends as cancelled and seals nothing', async () => {
    const { verify, sealed } = await openStage();
    const environment = openEnvironment();
    const waiting = async ({ signal }: StageWork): Promise<never> => {
      const aborted = once(signal, 'abort');
      environment.cancel('CANCELLED');
      await aborted;
      throw new SlipwayError('VERIFICATION_FAILED', 'an instance that is stopped looks like one that died');
    };
    await expect(environment.run(() => verify(waiting))).rejects.toBeInstanceOf(CancelledFailure);
    expect(await sealed()).toBeNull();
  });

  test('that comes when all is done changes nothing', async () => {
    const { verify, good } = await openStage();
    const environment = openEnvironment();
    const done = async () => {
      environment.cancel('CANCELLED');
      return good;
    };
    await expect(environment.run(() => verify(done))).resolves.toMatchObject({ stage: 'verification' });
  });

  test('is told to a worker with the answer to a heartbeat, so there are heartbeats', async () => {
    const environment = openEnvironment();
    const beaten = once(environment, 'heartbeat');
    await expect(environment.run(() => perform(logger, 'faults', () => beaten))).resolves.toBeDefined();
  });
});

describe('work that has to be done in the end', () => {
  test.each([
    ['STALE_GENERATION', 'always', true],
    ['INSTANCE_DIED', 'always', true],
    ['UNTRUSTED_EVIDENCE', 'always', false],
    ['ACT_REFUSED', 'always', false],
    ['INSTANCE_DIED', 'faults', false],
    ['STORE_UNAVAILABLE', 'faults', true],
  ] as const)('%s, retried %s: %s', async (code, retry, retried) => {
    expect(await failureOf(run(() => perform(logger, retry, says(code)), undefined))).toMatchObject({ code, retried });
  });
});

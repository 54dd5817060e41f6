import { describe, expect, test } from 'vitest';
import type { StagePredicate } from '../../src/contract/evidence.ts';
import type { Order } from '../../src/contract/order.ts';
import type { LiveVerdict } from '../../src/health/recompute.ts';
import { standingImage } from '../../src/records/image.ts';
import { readDegradation, sealDegradation, watchDutyOf } from '../../src/records/watch.ts';
import { recentRecords } from '../../src/records/target.ts';
import { verifyDeployment } from '../../src/records/verify.ts';
import { MANIFEST } from '../artifacts/parts.ts';
import { createTarget } from './deployments.ts';
import { PLATFORM } from './made-up.ts';
import { concluded, goodVerdict } from './made-up-verdict.ts';
import { rollbackOf, TARGET, type Forgery } from './plan.ts';
import { scratchStore } from './scratch.ts';

const invalid = (clause: string) => ({ verdict: 'INVALID', clause, reason: expect.any(String) as string });

type Observed = StagePredicate<'post-deploy-verification'>;

/** Evidence of post-deploy verification with another verdict; `again` reckons it so that only its policy is a lie. */
const judged = (change: (verdict: LiveVerdict) => Partial<LiveVerdict>, again = false): Forgery => ({
  evidence: {
    'post-deploy-verification': (honest: Observed) => {
      const verdict = honest.findings?.verdict as LiveVerdict;
      const told = { ...verdict, ...change(verdict) };
      return { ...honest, findings: { ...honest.findings, verdict: again ? concluded(told) : told } };
    },
  },
});

const sick = ({ samples }: LiveVerdict) => ({
  samples: samples.map((sample) => (sample.kind === 'soak' ? { ...sample, outcome: 'bad' as const } : sample)),
});

describe('slipway verify reckons each verdict again', () => {
  type Case = [what: string, forge: Forgery, clause: string];
  test.for<Case>([
    ['a soak whose samples come to a failure, and is told as a pass', judged(sick), '§10'],
    ['a soak that took no samples', judged(() => ({ samples: [] })), '§10'],
    [
      'a smoke test that failed, and is told as a pass',
      judged(({ smoke }) => ({
        smoke: smoke.map((test) => ({ ...test, checks: [{ what: 'status', passed: false }] })),
      })),
      '§10',
    ],
    ['another reason than its samples give', judged(() => ({ message: 'soak passed: so it did' })), '§10'],
    [
      'a laxer policy than the platform file declares',
      judged(({ policy }) => ({ policy: { ...policy, failures: 100 } }), true),
      '§10',
    ],
    [
      'floors below those that are declared',
      judged(({ policy }) => ({ policy: { ...policy, samples: 1 } }), true),
      '§10',
    ],
    ['no word of what it was judged by', judged(() => ({ policy: undefined as never })), '§10'],
    [
      'a rule of the Definition of Done that comes out otherwise',
      {
        evidence: {
          completion: (honest) => ({
            ...honest,
            findings: { ...honest.findings!, done: honest.findings!.done!.map((rule) => ({ ...rule, holds: false })) },
          }),
        },
      },
      '§11',
    ],
    [
      'no word of the Definition of Done',
      {
        evidence: {
          completion: ({ findings, ...honest }) => ({ ...honest, findings: { ...findings, done: undefined } }),
        },
      },
      '§11',
    ],
  ])('%s', async ([, forge, clause]) => {
    const { artifacts } = await scratchStore();
    const target = createTarget(artifacts);
    await target.deploy();
    expect(await verifyDeployment(artifacts, target.idOf(1))).toMatchObject({ verdict: 'VALID' });
    await target.deploy({ forge });
    expect(await verifyDeployment(artifacts, target.idOf(2))).toMatchObject(invalid(clause));
  });

  test('and a rule of the platform file that does not hold is INVALID on a deployment that completed', async () => {
    const { artifacts } = await scratchStore();
    const rule = `definitionOfDone: [{ name: owner named, rule: 'component.owner != ""' }]\n`;
    const target = createTarget(artifacts, { platform: Buffer.concat([PLATFORM, Buffer.from(rule)]) });
    await target.deploy();
    expect(await verifyDeployment(artifacts, target.idOf(1))).toMatchObject({
      ...invalid('§11'),
      reason: expect.stringContaining('owner named') as string,
    });
  });
});

/** Two releases that completed, the second of which is to be watched. */
async function openWatched(watch = '3650d') {
  const { artifacts } = await scratchStore();
  const platform = Buffer.from(
    PLATFORM.toString().replace('rollbackWithin: 30s }', `rollbackWithin: 30s, watch: ${watch} }`),
  );
  const target = createTarget(artifacts, { platform });
  const { store } = target;
  const first = await target.deploy({ text: 'one' });
  const second = await target.deploy({ text: 'two' });
  const live = second.after?.live ?? null;
  const duty = async () => await watchDutyOf(store, TARGET, live, await recentRecords(store, TARGET));
  const degrade = async (change: (verdict: LiveVerdict) => Partial<LiveVerdict>) => {
    const verdict = goodVerdict(platform, 'staging', MANIFEST);
    const checks = { policy: { ...verdict.policy, checks: ['soak' as const] } };
    const predicate = { deploymentId: target.idOf(2), digest: live!.digest, startedAt: AT, finishedAt: AT };
    const image = await standingImage(store, live!);
    return await sealDegradation(
      store,
      { ...predicate, verdict: concluded({ ...verdict, ...checks, ...change(verdict) }) },
      image,
    );
  };
  const back = (evidence: string): Order => ({
    ...rollbackOf(`watch:${target.idOf(2)}`),
    by: 'slipway',
    degradation: { deploymentId: target.idOf(2), evidence: evidence as `sha256:${string}` },
  });
  return { artifacts, target, store, first, second, live, duty, degrade, back };
}

const AT = '2026-11-23T10:00:00.000Z';

describe('a release is to be watched after its completion', () => {
  test('for as long as its environment says, and no longer', async () => {
    const { duty, target, second } = await openWatched();
    const finishedAt = Date.parse(second.record.stages.at(-1)!.finishedAt!);
    expect(await duty()).toEqual({
      deploymentId: target.idOf(2),
      until: new Date(finishedAt + 3650 * 86_400_000).toISOString(),
    });
    expect(await (await openWatched('1s')).duty()).toBeNull();
  });

  test('while it is live: not what is not live, and not what did not complete', async () => {
    const { store, target, live } = await openWatched();
    await target.deploy({ ends: { stage: 'post-deploy-verification', code: 'SMOKE_FAILED', restored: 'restored' } });
    const records = await recentRecords(store, TARGET);
    const failed = { ...target.released(target.idOf(3)), deploymentId: target.idOf(3) };
    expect(await watchDutyOf(store, TARGET, null, records)).toBeNull();
    expect(await watchDutyOf(store, TARGET, failed, records)).toBeNull();
    expect(await watchDutyOf(store, TARGET, live, records)).toMatchObject({ deploymentId: target.idOf(2) });
  });

  test('until the rollback of one that degraded has been ordered, so that a lane that was lost does not lose it', async () => {
    const { duty, degrade, target, back, first } = await openWatched();
    const { evidence } = await degrade(sick);
    expect(await duty()).toMatchObject({ deploymentId: target.idOf(2) });
    await target.deploy({ order: back(evidence), text: 'one', returnTo: first.after!.live! });
    expect(await duty()).toBeNull();
  });

  test('and what was sealed of its degradation first stands', async () => {
    const { degrade, store, target } = await openWatched();
    const { evidence } = await degrade(sick);
    expect((await degrade(({ samples }) => ({ samples: samples.slice(0, 3) }))).evidence).toBe(evidence);
    expect((await readDegradation(store, target.idOf(2)))?.evidence).toBe(evidence);
  });
});

describe('a rollback that a lane ordered by itself', () => {
  test('is VALID when the samples that it names come to a failure', async () => {
    const { artifacts, degrade, target, back, first } = await openWatched();
    const { evidence } = await degrade(sick);
    await target.deploy({ order: back(evidence), text: 'one', returnTo: first.after!.live! });
    expect(await verifyDeployment(artifacts, target.idOf(3))).toMatchObject({ verdict: 'VALID', reason: null });
  });

  test('is INVALID (§12) when they do not, or there are none', async () => {
    const well = await openWatched();
    const { evidence } = await well.degrade(() => ({}));
    await well.target.deploy({ order: well.back(evidence), text: 'one', returnTo: well.first.after!.live! });
    expect(await verifyDeployment(well.artifacts, well.target.idOf(3))).toMatchObject(invalid('§12'));

    const nothing = await openWatched();
    await nothing.target.deploy({
      order: nothing.back(`sha256:${'0'.repeat(64)}`),
      text: 'one',
      returnTo: nothing.first.after!.live!,
    });
    expect(await verifyDeployment(nothing.artifacts, nothing.target.idOf(3))).toMatchObject(invalid('§12'));
  });
});

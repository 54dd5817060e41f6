import { describe, expect, test } from 'vitest';
import { createDeploy } from '../../activities/deploy.ts';
import { readOciManifest } from '../../src/artifacts/oci.ts';
import type { FailureCode } from '../../src/contract/failure.ts';
import type { RuntimeState } from '../../src/contract/activities.ts';
import type { StagePredicate } from '../../src/contract/evidence.ts';
import { setQuarantine } from '../../src/records/acts.ts';
import { readEvidence } from '../../src/records/evidence.ts';
import { claimRestoration } from '../../src/records/record.ts';
import { rollbackOf, TARGET, type Plan } from '../records/plan.ts';
import { handsOn } from '../records/scratch.ts';
import { failureOf, openPlatform, run } from './setting.ts';

const NOW = '2026-11-23T10:00:00.000Z';

/** A second deployment, released, before its deploy; the first is live. */
async function openDeploy() {
  const platform = await openPlatform();
  const before = await platform.deployed();
  const running = await platform.target.begin();
  const { deploymentId, release } = running;
  const consumes = await running.passUpTo('release');
  const deploy = createDeploy(platform.deps).activateRelease;
  const input = { deploymentId, consumes };
  const own = { generation: 2, live: { ...release, deploymentId } };
  const hands = handsOn(platform.path, TARGET.component);
  return { ...platform, before, running, deploymentId, release, input, deploy, own, hands };
}

describe('deploy', () => {
  test('hands the driver what was released, under the next generation, and seals what it saw', async () => {
    const { deploy, input, runtime, own, store, deploymentId } = await openDeploy();
    const evidence = await run(deploy, input);
    expect(runtime.state()).toEqual(own);
    const sealed = await readEvidence(store, deploymentId, 'deploy');
    expect(evidence.digest).toBe(sealed?.digest);
    expect(sealed?.predicate.findings).toMatchObject({ ...own, isolation: 'none', instanceFolderHashes: null });
  });

  test('whose answer was lost is sealed as it stands, and nothing is activated twice', async () => {
    const { deploy, input, runtime, own, deploymentId, release } = await openDeploy();
    const activation = { target: TARGET, deploymentId, generation: 2, release: { ...release, deploymentId } };
    await runtime.driver.activate(activation);
    await run(deploy, input);
    expect(runtime.state()).toEqual(own);
    await run(deploy, input);
    expect(runtime.calls.filter((call) => call === 'activate')).toHaveLength(2);
  });

  test('does not blame the change when the runtime does not answer', async () => {
    const { deploy, input, runtime, store, deploymentId } = await openDeploy();
    runtime.away();
    expect(await failureOf(run(deploy, input))).toMatchObject({ code: 'RUNTIME_UNAVAILABLE', retried: true });
    expect(await readEvidence(store, deploymentId, 'deploy')).toBeNull();
  });
});

type Opened = Awaited<ReturnType<typeof openDeploy>>;

describe('the deployer does not trust its caller: it touches nothing', () => {
  /** What it says, and whether the runtime is still as it was. */
  async function refused(opened: Opened, input: object = opened.input, deploy = opened.deploy) {
    const before = opened.runtime.state();
    const said = await failureOf(run(deploy, input as typeof opened.input));
    const isUntouched = opened.runtime.state() === before && !opened.runtime.calls.includes('activate');
    return { ...said, isUntouched };
  }
  const no = (code: FailureCode) => ({ code, retried: false, isUntouched: true });

  test('for a deployment of another environment, and seals nothing in its way', async () => {
    const opened = await openDeploy();
    const { activateRelease } = createDeploy({ ...opened.deps, environment: 'production' });
    expect(await refused(opened, opened.input, activateRelease)).toMatchObject(no('UNTRUSTED_EVIDENCE'));
    await expect(run(opened.deploy, opened.input)).resolves.toMatchObject({ stage: 'deploy' });
  });

  test('for what was built in a weaker sandbox than its environment requires; not for a release that it returns to', async () => {
    const platform = `apiVersion: slipway/v1
sources: [{ name: shop, url: ./shop }]
environments: { staging: { build: { require: { sandbox: bwrap } } } }
`;
    const weakly = (honest: StagePredicate<'build'>) =>
      honest.findings && { ...honest, findings: { ...honest.findings, sandbox: 'unshare' } };
    const forge = { evidence: { build: weakly } };
    const { deps, target, runtime } = await openPlatform(Buffer.from(platform));
    const deploy = createDeploy(deps).activateRelease;
    const order = async (plan: Plan) => {
      const begun = await target.begin({ ...plan, forge });
      return { deploymentId: begun.deploymentId, consumes: await begun.passUpTo('release') };
    };
    // It was built and completed when nothing was required yet.
    const { after } = await target.deploy({ forge });
    runtime.set(after!);
    expect(await failureOf(run(deploy, await order({})))).toMatchObject({ code: 'SANDBOX_TOO_WEAK', retried: false });
    expect(runtime.calls).not.toContain('activate');

    const returnTo = after!.live!;
    const rollback = await order({ order: rollbackOf('request-3'), returnTo, text: 'version 1' });
    await expect(run(deploy, rollback)).resolves.toMatchObject({ stage: 'deploy' });
  });

  test('for a chain that ends elsewhere, or is of another deployment', async () => {
    const opened = await openDeploy();
    const { input, store, deploymentId } = opened;
    const other = async (id: string, stage: 'release' | 'verification') => ({
      ...input,
      consumes: { ...input.consumes, digest: (await readEvidence(store, id, stage))?.digest },
    });
    expect(await refused(opened, await other(deploymentId, 'verification'))).toMatchObject(no('UNTRUSTED_EVIDENCE'));
    expect(await refused(opened, await other('staging/storefront/1', 'release'))).toMatchObject(
      no('UNTRUSTED_EVIDENCE'),
    );
    expect(await refused(opened, { ...input, deploymentId: 'staging/storefront/3' })).toMatchObject(
      no('UNTRUSTED_EVIDENCE'),
    );
    await expect(run(opened.deploy, input)).resolves.toMatchObject({ stage: 'deploy' });
  });

  test('for a chain that has been used: it is being restored', async () => {
    const opened = await openDeploy();
    await claimRestoration(opened.store, { deploymentId: opened.deploymentId, generation: 2, at: NOW });
    expect(await refused(opened)).toMatchObject(no('EVIDENCE_REUSED'));
  });

  test('for a chain that has been used: its deployment has ended, and its record is the answer', async () => {
    const opened = await openDeploy();
    const { record } = await opened.running.end();
    expect(await refused(opened)).toMatchObject({ ...no('EVIDENCE_REUSED'), sealed: record });
  });

  test('for a digest that is quarantined', async () => {
    const opened = await openDeploy();
    const { digest } = opened.release;
    await setQuarantine(opened.store, { kind: 'quarantine', digest, by: 'ada', reason: 'bad' }, 'bad');
    expect(await refused(opened)).toMatchObject(no('QUARANTINED'));
  });

  test.each<[string, (before: RuntimeState) => RuntimeState]>([
    ['another generation', ({ generation, live }) => ({ generation: generation + 1, live })],
    ['nothing live', ({ generation }) => ({ generation, live: null })],
    [
      'another release live',
      ({ generation, live }) => ({ generation, live: { ...live!, digest: `sha256:${'0'.repeat(64)}` } }),
    ],
    [
      'the same release live by another deployment',
      ({ generation, live }) => ({ generation, live: { ...live!, deploymentId: 'staging/storefront/9' } }),
    ],
  ])('when the runtime shows %s than the deployment started from', async (_, moved) => {
    const opened = await openDeploy();
    opened.runtime.set(moved(opened.runtime.state()));
    expect(await refused(opened)).toMatchObject(no('STALE_GENERATION'));
  });

  test('for an artifact whose bytes were changed in the store', async () => {
    const opened = await openDeploy();
    const { layers } = await readOciManifest(opened.store, opened.release.digest);
    await opened.hands.flip(layers[0].digest);
    expect(await refused(opened)).toMatchObject(no('ARTIFACT_CORRUPT'));
  });

  test('for a version that names another image by now', async () => {
    const opened = await openDeploy();
    await opened.hands.redirect(opened.release.version, opened.before.record.artifact?.version ?? '');
    expect(await refused(opened)).toMatchObject(no('ARTIFACT_CORRUPT'));
  });
});

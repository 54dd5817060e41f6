import { describe, expect, test } from 'vitest';
import { createDeploy } from '../../activities/deploy.ts';
import { createRollback } from '../../activities/rollback.ts';
import { createRelease } from '../../activities/release.ts';
import { createLayoutStore } from '../../src/artifacts/layout.ts';
import { readEvidence, sealEvidence } from '../../src/records/evidence.ts';
import { createNotary, type Notary } from '../../src/signing/notary.ts';
import type { TrustedKey } from '../../src/signing/trust.ts';
import { TEST_KEY, TEST_NOTARY } from '../signing/keys.ts';
import { createTarget } from '../records/deployments.ts';
import { rollbackOf, TARGET } from '../records/plan.ts';
import { failureOf, logger, openPlatform, run } from './setting.ts';

const ROLES = ['orchestrator', 'builder', 'deployer'] as const;

/** Signs as everybody, and believes as a policy says. */
function believing(more: (key: TrustedKey) => Partial<TrustedKey>): Notary {
  const keys = ROLES.map((role) => TEST_KEY.trusted(role)).map((key) => ({ ...key, ...more(key) }));
  return createNotary(TEST_KEY.signer, async () => ({ keys }));
}

/** A second deployment, released; the first is live. Its deployer sees the store through a notary of its own. */
async function openDeployment() {
  const platform = await openPlatform();
  const before = await platform.deployed();
  const running = await platform.target.begin();
  const { deploymentId, generation, release, from: to } = running;
  const consumes = await running.passUpTo('release');
  const depsAs = (notary: Notary) => ({
    ...platform.deps,
    artifacts: createLayoutStore({ path: platform.path, notary }),
  });
  const activation = { target: TARGET, deploymentId, generation: generation + 1 };
  return {
    ...platform,
    before,
    depsAs,
    deploy: (notary: Notary) => run(createDeploy(depsAs(notary)).activateRelease, { deploymentId, consumes }),
    restore: (notary: Notary) =>
      run(createRollback(depsAs(notary)).restoreRelease, { deploymentId, generation: generation + 1, to }),
    activate: () => platform.runtime.driver.activate({ ...activation, release: { ...release, deploymentId } }),
    deploymentId,
  };
}

/** The first deployment's documents are from before the key of each role was good; the second's are not. */
const forgettingTheFirst = ({ sealedAt }: { readonly sealedAt: string }): Notary =>
  believing(() => ({ from: new Date(Date.parse(sealedAt) + 1).toISOString() }));

const UNTRUSTED = { code: 'UNTRUSTED_EVIDENCE', retried: false, clause: '§15' };
const MIDNIGHT = '2026-11-23T00:00:00.000Z';

describe('a deployer touches nothing', () => {
  test.each(ROLES.slice(0, 2))('for a chain that the %s did not sign', async (role) => {
    const opened = await openDeployment();
    const state = opened.runtime.state();
    const deaf = believing((key) => (key.role === role ? { keyid: '0'.repeat(64) } : {}));
    expect(await failureOf(opened.deploy(deaf))).toMatchObject(UNTRUSTED);
    expect(opened.runtime.state()).toBe(state);
    expect(opened.runtime.calls).not.toContain('activate');
    await expect(opened.deploy(TEST_NOTARY)).resolves.toMatchObject({ stage: 'deploy' });
  });

  test('for a chain of another environment’s keys', async () => {
    const opened = await openDeployment();
    const elsewhere = believing(({ role }) => (role === 'builder' ? { environments: ['production'] } : {}));
    expect(await failureOf(opened.deploy(elsewhere))).toMatchObject(UNTRUSTED);
  });

  test('for a chain signed by a key that has been revoked by now, from whatever time on', async () => {
    const opened = await openDeployment();
    const revoked = believing(({ role }) => (role === 'builder' ? { revoked: '2026-11-24T00:00:00.000Z' } : {}));
    expect(await failureOf(opened.deploy(revoked))).toMatchObject(UNTRUSTED);
  });

  test('for a chain that nobody signed, though it is whole', async () => {
    const opened = await openDeployment();
    const unsigned: Notary = { ...TEST_NOTARY, sign: () => [], signedSince: async () => null };
    const artifacts = createLayoutStore({ path: opened.path, notary: unsigned });
    const target = createTarget(artifacts, { state: opened.target.state() });
    const running = await target.begin();
    const consumes = await running.passUpTo('release');
    opened.runtime.set({ generation: running.generation, live: running.from });
    const { activateRelease } = createDeploy(opened.depsAs(unsigned));
    const said = await failureOf(run(activateRelease, { deploymentId: running.deploymentId, consumes }));
    expect(said).toMatchObject({ ...UNTRUSTED, message: expect.stringMatching(/nobody signed it/) });
    expect(opened.runtime.calls).not.toContain('activate');
  });

  test('when the release that it would return to was not signed by who may: there is no way back', async () => {
    const opened = await openDeployment();
    const said = await failureOf(opened.deploy(forgettingTheFirst(opened.before)));
    expect(said).toMatchObject({ code: 'ROLLBACK_NOT_READY', message: expect.stringMatching(/not to be trusted/) });
    expect(opened.runtime.calls).not.toContain('activate');
  });
});

test('a deployer proves itself what a person returns to, and leaves that not to the builder', async () => {
  const opened = await openDeployment();
  const returnTo = opened.before.after!.live!;
  const running = await opened.target.begin({ order: rollbackOf('back'), returnTo, text: 'version 1' });
  const consumes = await running.passUpTo('release');
  const { activateRelease } = createDeploy(opened.depsAs(forgettingTheFirst(opened.before)));
  const said = await failureOf(run(activateRelease, { deploymentId: running.deploymentId, consumes }));
  expect(said).toMatchObject(UNTRUSTED);
  expect(opened.runtime.calls).not.toContain('activate');
});

describe('a restoration', () => {
  test('brings no release back that was not signed by who may', async () => {
    const opened = await openDeployment();
    await opened.activate();
    const state = opened.runtime.state();
    expect(await failureOf(opened.restore(forgettingTheFirst(opened.before)))).toMatchObject(UNTRUSTED);
    expect(opened.runtime.state()).toBe(state);
    expect(await opened.restore(TEST_NOTARY)).toMatchObject({ outcome: 'restored' });
  });

  test('burns its generation all the same, where nothing was activated', async () => {
    const opened = await openDeployment();
    const report = await opened.restore(forgettingTheFirst(opened.before));
    expect(report).toMatchObject({ outcome: 'unchanged' });
  });

  test('is begun by nobody whose change intake is not signed', async () => {
    const opened = await openDeployment();
    await opened.activate();
    const deaf = believing(({ role }) => (role === 'orchestrator' ? { until: MIDNIGHT } : {}));
    expect(await failureOf(opened.restore(deaf))).toMatchObject(UNTRUSTED);
    expect(opened.runtime.calls).not.toContain('restore');
  });
});

test('a stage does not answer with evidence that somebody put in its place', async () => {
  const platform = await openPlatform();
  const running = await platform.target.begin();
  const consumes = await running.passUpTo('verification');
  const eve: Notary = { ...TEST_NOTARY, sign: () => [] };
  const artifacts = createLayoutStore({ path: platform.path, notary: { ...eve, signedSince: async () => null } });
  const honest = await readEvidence(artifacts.component(TARGET.component), running.deploymentId, 'verification');
  const predicate = { ...honest!.predicate, stage: 'release', previous: honest!.digest, findings: null } as never;
  await sealEvidence(artifacts.component(TARGET.component), predicate, null);
  const { markReleased } = createRelease({ artifacts: platform.artifacts, logger });
  const said = await failureOf(run(markReleased, { deploymentId: running.deploymentId, consumes }));
  expect(said).toMatchObject(UNTRUSTED);
});

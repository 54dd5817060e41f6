import { describe, expect, onTestFinished, test } from 'vitest';
import { createChangeIntake } from '../../activities/change-intake.ts';
import { createRelease } from '../../activities/release.ts';
import { parsePlatform } from '../../src/config/load.ts';
import { SlipwayError } from '../../src/contract/failure.ts';
import type { Order } from '../../src/contract/order.ts';
import { digestOf } from '../../src/digest-of.ts';
import { readEvidence } from '../../src/records/evidence.ts';
import { nameOf } from '../../src/records/names.ts';
import { readPlatform } from '../../src/records/platform.ts';
import { PLATFORM, WITHIN } from '../records/made-up.ts';
import { orderOf, rollbackOf } from '../records/plan.ts';
import { handsOn } from '../records/scratch.ts';
import { writeSource } from '../source/written-source.ts';
import { failureOf, openPlatform, run } from './setting.ts';

const LOADED = {
  platform: parsePlatform(PLATFORM),
  file: '/platform.yaml',
  folder: '/',
  bytes: PLATFORM,
  digest: digestOf(PLATFORM),
};
const MANIFEST = `apiVersion: slipway/v1
component: storefront
kind: storefront
build: { command: [node, build.mjs], output: dist }
run: { command: [node, server.mjs] }
health: { path: /healthz }
smoke: [{ name: home page, path: / }]
`;
const NO_WAY_BACK = `id: CHG-1
summary: Orders in a new form
reason: SHOP-881
components: [storefront]
scope: [storefront/**]
irreversible: true
`;

/** Two deployments completed; a third is asked for. There is no source to read: whoever opens it is told so. */
async function openIntake() {
  const platform = await openPlatform();
  const first = await platform.deployed();
  const second = await platform.deployed();
  const { admitChange } = createChangeIntake({
    ...platform.deps,
    loadPlatform: async () => LOADED,
    openSource: () => {
      throw new SlipwayError('SOURCE_UNAVAILABLE', 'there is no source here');
    },
  });
  const admit = (order: Order, n = 3) => run(admitChange, { deploymentId: platform.target.idOf(n), order });
  const sealed = (n = 3) => readEvidence(platform.store, platform.target.idOf(n), 'change-intake');
  return { ...platform, first, second, admit, sealed };
}

describe('change intake', () => {
  test('pins what it starts from: version, generation, platform file, and the newest act', async () => {
    const { admit, sealed, store, second } = await openIntake();
    const evidence = await admit(rollbackOf('back'));
    const findings = (await sealed())?.predicate.findings;
    expect(findings).toMatchObject({
      from: second.after?.live,
      generation: 2,
      rollbackWithin: WITHIN,
      lane: { acts: 0, last: null },
    });
    expect((await readPlatform(store, findings!.platform)).equals(PLATFORM)).toBe(true);
    expect(evidence.facts).toMatchObject({ from: second.after?.live, generation: 2, rollbackWithin: WITHIN });
  });

  test('takes no commit for new where the change intake of what is live is missing', async () => {
    const { path, store, target, deps, second } = await openIntake();
    const { admitChange } = createChangeIntake({
      ...deps,
      loadPlatform: async () => LOADED,
      openSource: () => ({ name: 'shop', fetch: async () => {} }) as never,
    });
    await handsOn(path, store.component).unname(nameOf.evidence(second.record.deploymentId!, 'change-intake'));
    const said = await failureOf(run(admitChange, { deploymentId: target.idOf(3), order: orderOf('third') }));
    expect(said).toMatchObject({ code: 'UNTRUSTED_EVIDENCE', retried: false });
    expect(said.message).toContain('is not in the store');
  });

  test('of a rollback names the release that it returns to, and who wants that and why', async () => {
    const { admit, sealed, first } = await openIntake();
    await admit(rollbackOf('back'));
    expect((await sealed())?.predicate.findings).toMatchObject({
      change: { id: 'rollback:staging/storefront/1', reason: 'customers complain', requestedBy: 'ada' },
      returnTo: first.after?.live,
      order: rollbackOf('back'),
    });
  });

  test('of a rollback without anything to return to says no, and seals that', async () => {
    const { admit, sealed } = await openIntake();
    const said = await failureOf(admit(rollbackOf('back', 'no such version')));
    expect(said).toMatchObject({ code: 'NO_RELEASE_TO_RETURN_TO', retried: false, evidence: (await sealed())?.digest });
  });

  test('refuses to start from a state that no record left, but a rollback is the way out', async () => {
    const { admit, runtime } = await openIntake();
    runtime.set({ ...runtime.state(), generation: 7 });
    expect(await failureOf(admit(orderOf('next')))).toMatchObject({ code: 'UNKNOWN_RUNTIME_STATE', clause: '§2' });
    const other = await openIntake();
    other.runtime.set({ ...other.runtime.state(), generation: 7 });
    expect(await other.admit(rollbackOf('back'))).toMatchObject({ facts: { generation: 7 } });
  });

  test('names the changes that it carries although there is no way back', async () => {
    const source = await writeSource();
    onTestFinished(() => source.remove());
    const revision = await source.commit({
      message: 'The storefront\n\nChange: CHG-1\n',
      files: { 'storefront/slipway.yaml': MANIFEST, 'changes/CHG-1.yaml': NO_WAY_BACK },
    });
    const platform = await openPlatform();
    const { admitChange } = createChangeIntake({
      ...platform.deps,
      loadPlatform: async () => LOADED,
      openSource: () => source.repository,
    });
    const deploymentId = platform.target.idOf(1);
    await run(admitChange, { deploymentId, order: { ...orderOf('first'), revision } });
    const sealed = await readEvidence(platform.store, deploymentId, 'change-intake');
    expect(sealed?.predicate.findings?.change).toMatchObject({ carries: ['CHG-1'], irreversible: ['CHG-1'] });
  });

  test('rejects a component that asks for secrets where its environment declares none, with what to write', async () => {
    const source = await writeSource();
    onTestFinished(() => source.remove());
    const asking = MANIFEST.replace('server.mjs] }', 'server.mjs], env: { KEY: { secret: storefront/key } } }');
    const revision = await source.commit({
      message: 'The storefront\n\nChange: CHG-1\n',
      files: { 'storefront/slipway.yaml': asking, 'changes/CHG-1.yaml': NO_WAY_BACK },
    });
    const { staging } = LOADED.platform.environments;
    const admit = async (secrets?: { folder: string }) => {
      const { deps, target } = await openPlatform();
      const platform = { ...LOADED.platform, environments: { staging: { ...staging!, secrets } } };
      const loadPlatform = async () => ({ ...LOADED, platform });
      const { admitChange } = createChangeIntake({ ...deps, loadPlatform, openSource: () => source.repository });
      return run(admitChange, { deploymentId: target.idOf(1), order: { ...orderOf('first'), revision } });
    };
    const said = await failureOf(admit());
    expect(said).toMatchObject({ code: 'SECRET_MISSING', clause: '§9', retried: false });
    expect(said.message).toBe(
      'run.env asks for the secret storefront/key of staging, and staging declares no secrets; write environments.staging.secrets ' +
        'in platform.yaml, { folder: ./secrets/staging } or { variables: STAGING_ }, and start `slipway up` again',
    );
    await expect(admit({ folder: './secrets' })).resolves.toMatchObject({ stage: 'change-intake' });
  });

  test('does not blame the change when the source is away', async () => {
    const { admit, sealed } = await openIntake();
    expect(await failureOf(admit(orderOf('next')))).toMatchObject({ code: 'SOURCE_UNAVAILABLE', retried: true });
    expect(await sealed()).toBeNull();
  });
});

describe('whoever asks past the lane leaves nothing in its way', () => {
  test('with a number whose turn has not come', async () => {
    const { admit, sealed } = await openIntake();
    expect(await failureOf(admit(rollbackOf('back'), 5))).toMatchObject({ code: 'UNTRUSTED_EVIDENCE', retried: false });
    expect(await sealed(5)).toBeNull();
  });

  test('with an order for another target', async () => {
    const { admit, sealed } = await openIntake();
    const order = rollbackOf('back', null, { environment: 'production', component: 'storefront' });
    expect(await failureOf(admit(order))).toMatchObject({ code: 'UNTRUSTED_EVIDENCE' });
    expect(await sealed()).toBeNull();
  });

  test('with an order of his own: it is not taken for the answer to the lane’s', async () => {
    const { admit } = await openIntake();
    await admit(rollbackOf('his'));
    expect(await failureOf(admit(rollbackOf('ours')))).toMatchObject({ code: 'UNTRUSTED_EVIDENCE', retried: false });
    await expect(admit(rollbackOf('his'))).resolves.toMatchObject({ stage: 'change-intake' });
  });
});

describe('release', () => {
  test('promotes what was verified, records of which change it is, and deploys nothing', async () => {
    const { target, deps, store, runtime } = await openIntake();
    const running = await target.begin();
    const consumes = await running.passUpTo('verification');
    const { markReleased } = createRelease(deps);
    const before = runtime.state();
    await run(markReleased, { deploymentId: running.deploymentId, consumes });
    expect((await readEvidence(store, running.deploymentId, 'release'))?.predicate.findings).toMatchObject({
      release: running.release,
      change: 'CHG-1',
      source: { repository: 'shop' },
    });
    expect(runtime.state()).toEqual(before);
  });
});

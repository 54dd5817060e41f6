import { describe, expect, test } from 'vitest';
import { readDocument, sealDocument } from '../../src/artifacts/sealed.ts';
import type { Digest } from '../../src/contract/digest.ts';
import { STAGES } from '../../src/contract/stages.ts';
import { appendAct, newestAct, quarantineOf, readActs, setQuarantine } from '../../src/records/acts.ts';
import { loadCompletedChain } from '../../src/records/completed.ts';
import { DOCUMENT } from '../../src/records/document-types.ts';
import { readEvidence, readSignedEvidence } from '../../src/records/evidence.ts';
import { nameOf } from '../../src/records/names.ts';
import { claimRestoration, readClaim, readOutcome, readRecord, standingRecord } from '../../src/records/record.ts';
import { releaseToReturnTo } from '../../src/records/return.ts';
import { holdOf, recentRecords } from '../../src/records/target.ts';
import { readDegradation, sealDegradation } from '../../src/records/watch.ts';
import type { Notary } from '../../src/signing/notary.ts';
import { createLayoutStore } from '../../src/artifacts/layout.ts';
import { standingImage } from '../../src/records/image.ts';
import { TEST_NOTARY } from '../signing/keys.ts';
import { createTarget } from './deployments.ts';
import { rollbackOf, TARGET } from './plan.ts';
import { handsOn, scratchStore } from './scratch.ts';

const UNTRUSTED = { code: 'UNTRUSTED_EVIDENCE' };
const PRODUCTION = { environment: 'production', component: 'storefront' };
const LONG_BEFORE = '2020-01-01T00:00:00.000Z';

/** Signs nothing, so that what it seals is what somebody without a key writes; and reads all that is signed. */
const EVE: Notary = { ...TEST_NOTARY, sign: () => [], signedSince: async () => null };

/** Two targets of one component in one store, and somebody who can write its files. */
async function openTargets() {
  const { path, artifacts } = await scratchStore();
  const staging = createTarget(artifacts);
  const production = createTarget(artifacts, { target: PRODUCTION });
  const { store } = staging;
  const hands = handsOn(path, 'storefront');
  return {
    staging,
    production,
    store,
    hands,
    eve: createLayoutStore({ path, notary: EVE }).component('storefront'),
    /** Puts a document, its signature and all, under another name. */
    replay: async (from: string, to: string): Promise<void> => {
      const { statement } = (await readDocument(store, from))!;
      if ((await store.resolve(to)) !== null) await hands.unname(to);
      await sealDocument({ store, name: to, artifactType: DOCUMENT.evidence, statement });
    },
  };
}

describe('a signed document under the name of another is none:', () => {
  test.each(STAGES)('the evidence of %s, of another target', async (stage) => {
    const { staging, production, store, replay } = await openTargets();
    await staging.deploy();
    await production.begin();
    await replay(nameOf.evidence('staging/storefront/1', stage), nameOf.evidence('production/storefront/1', stage));
    await expect(readEvidence(store, 'production/storefront/1', stage)).rejects.toMatchObject(UNTRUSTED);
  });

  test('a record, so that nothing goes back to a release that only another target has seen', async () => {
    const { staging, production, store, replay } = await openTargets();
    await staging.deploy();
    for (let n = 0; n < 3; n += 1) await production.deploy();
    await replay(nameOf.record('staging/storefront/1'), nameOf.record('production/storefront/2'));
    await expect(readRecord(store, 'production/storefront/2')).rejects.toMatchObject(UNTRUSTED);
    await expect(recentRecords(store, PRODUCTION)).rejects.toMatchObject(UNTRUSTED);
  });

  test('a whole chain, to another target', async () => {
    const { staging, store } = await openTargets();
    await staging.deploy();
    const live = { ...staging.released('staging/storefront/1'), deploymentId: 'staging/storefront/1' };
    await expect(loadCompletedChain(store, PRODUCTION, live)).rejects.toMatchObject(UNTRUSTED);
    await expect(loadCompletedChain(store, TARGET, live)).resolves.toBeDefined();
  });

  test('a claim to restore', async () => {
    const { store, replay } = await openTargets();
    await claimRestoration(store, {
      deploymentId: 'staging/storefront/1',
      generation: 1,
      at: '2026-11-23T09:00:00.000Z',
    });
    await replay(nameOf.outcome('staging/storefront/1'), nameOf.outcome('staging/storefront/2'));
    await expect(readClaim(store, 'staging/storefront/2')).rejects.toMatchObject(UNTRUSTED);
    await expect(readOutcome(store, 'staging/storefront/2')).rejects.toMatchObject(UNTRUSTED);
  });

  test('a resume, of another target or from another place in the chain', async () => {
    const { store, replay } = await openTargets();
    const at = '2026-11-23T09:00:00.000Z';
    const by = { by: 'ada', reason: 'so' };
    await appendAct(store, { target: TARGET, act: { kind: 'hold', ...by }, key: 'h', at });
    await appendAct(store, { target: TARGET, act: { kind: 'resume', ...by }, key: 'r', at });
    await appendAct(store, { target: PRODUCTION, act: { kind: 'hold', ...by }, key: 'h', at });
    await replay(nameOf.act(TARGET, 2), nameOf.act(PRODUCTION, 2));
    await expect(holdOf(store, PRODUCTION)).rejects.toMatchObject(UNTRUSTED);
    await replay(nameOf.act(TARGET, 2), nameOf.act(TARGET, 3));
    await expect(readActs(store, TARGET)).rejects.toMatchObject(UNTRUSTED);
  });

  test('the lifting of a quarantine, of another digest or from before', async () => {
    const { store, replay } = await openTargets();
    const [bad, other]: readonly Digest[] = [`sha256:${'a'.repeat(64)}`, `sha256:${'b'.repeat(64)}`];
    const change = (kind: 'quarantine' | 'unquarantine', digest: Digest, key: string) =>
      setQuarantine(store, { kind, digest, by: 'ada', reason: 'so' }, key);
    for (const digest of [bad!, other!]) await change('quarantine', digest, `bad ${digest}`);
    await change('unquarantine', other!, 'good');
    await replay(nameOf.quarantine(other!, 2), nameOf.quarantine(bad!, 2));
    await expect(quarantineOf(store, bad!)).rejects.toMatchObject(UNTRUSTED);
    await change('quarantine', other!, 'bad again');
    await replay(nameOf.quarantine(other!, 2), nameOf.quarantine(other!, 4));
    await expect(quarantineOf(store, other!)).rejects.toMatchObject(UNTRUSTED);
  });

  test('that a release degraded', async () => {
    const { staging, store, replay } = await openTargets();
    await staging.deploy();
    await staging.deploy();
    const release = staging.released('staging/storefront/1');
    const times = { startedAt: '2026-11-23T09:00:00.000Z', finishedAt: '2026-11-23T09:00:01.000Z' };
    const predicate = { deploymentId: 'staging/storefront/1', digest: release.digest, ...times, verdict: null };
    await sealDegradation(store, predicate, await standingImage(store, release));
    await replay(nameOf.watch('staging/storefront/1'), nameOf.watch('staging/storefront/2'));
    await expect(readDegradation(store, 'staging/storefront/2')).rejects.toMatchObject(UNTRUSTED);
  });
});

describe('by what nobody signed, whatever its date, nothing is done:', () => {
  test('a hold stays', async () => {
    const { store, eve } = await openTargets();
    const by = { by: 'eve', reason: 'so' };
    await appendAct(store, { target: TARGET, act: { kind: 'hold', ...by }, key: 'h', at: '2026-11-23T09:00:00.000Z' });
    await appendAct(eve, { target: TARGET, act: { kind: 'resume', ...by }, key: 'r', at: LONG_BEFORE });
    expect((await newestAct(store, TARGET))?.act.kind).toBe('resume');
    expect(await holdOf(store, TARGET)).toMatchObject({ by: 'eve' });
  });

  test('no deployment counts as ended', async () => {
    const { staging, store, eve } = await openTargets();
    const form = await recordStatement(staging);
    const running = await staging.begin();
    const { deploymentId, order } = running;
    const predicate = {
      record: { ...running.draft(), result: 'completed' },
      order,
      after: null,
      sealedAt: LONG_BEFORE,
    };
    const statement = { ...form, predicate };
    await sealDocument({ store: eve, name: nameOf.record(deploymentId), artifactType: DOCUMENT.record, statement });
    await expect(standingRecord(store, deploymentId)).rejects.toMatchObject(UNTRUSTED);
  });

  test('no stage is taken from it', async () => {
    const { staging, store, eve } = await openTargets();
    await staging.deploy();
    const intake = (await readEvidence(store, 'staging/storefront/1', 'change-intake'))!;
    const predicate = { ...intake.predicate, startedAt: LONG_BEFORE, finishedAt: LONG_BEFORE };
    const deploymentId = 'staging/storefront/2';
    const statement = { ...intake.document.statement, predicate: { ...predicate, deploymentId } };
    const name = nameOf.evidence(deploymentId, 'change-intake');
    await sealDocument({ store: eve, name, artifactType: DOCUMENT.evidence, statement });
    expect(await readEvidence(store, deploymentId, 'change-intake')).toMatchObject({ key: null });
    await expect(readSignedEvidence(store, deploymentId, 'change-intake')).rejects.toMatchObject(UNTRUSTED);
  });
});

test('a rollback goes to a release of its own target, as its records name it', async () => {
  const { production, store } = await openTargets();
  for (let n = 0; n < 2; n += 1) await production.deploy();
  const records = await recentRecords(store, PRODUCTION);
  const { release } = await releaseToReturnTo(store, records, rollbackOf('r'), records[0]!.after!.live);
  expect(release.deploymentId).toBe('production/storefront/1');
});

/** The form of a record's statement. */
async function recordStatement({ store, deploy }: ReturnType<typeof createTarget>) {
  const { record } = await deploy();
  return (await readDocument(store, nameOf.record(record.deploymentId!)))!.statement;
}

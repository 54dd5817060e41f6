import { describe, expect, test } from 'vitest';
import { createLayoutStore } from '../../src/artifacts/layout.ts';
import { readDocument, sealDocument } from '../../src/artifacts/sealed.ts';
import { decodeEnvelope, encodeEnvelope, payloadOf } from '../../src/contract/envelope.ts';
import { ROLE_OF_STAGE, STAGES, type Role, type Stage } from '../../src/contract/stages.ts';
import type { SealedRecord } from '../../src/contract/sealed-record.ts';
import { quarantineOf, setQuarantine } from '../../src/records/acts.ts';
import { loadChain } from '../../src/records/chain.ts';
import { loadCompletedChain } from '../../src/records/completed.ts';
import { DOCUMENT, PREDICATE, stateThat } from '../../src/records/document-types.ts';
import { readEvidence } from '../../src/records/evidence.ts';
import { nameOf } from '../../src/records/names.ts';
import { claimRestoration, readRecord, standingRecord } from '../../src/records/record.ts';
import { verifyDeployment } from '../../src/records/verify.ts';
import { createNotary, NOBODY, type Notary } from '../../src/signing/notary.ts';
import type { TrustedKey } from '../../src/signing/trust.ts';
import { createTestKey, LONG_AGO, type TestKey } from '../signing/keys.ts';
import { createTarget } from './deployments.ts';
import { TARGET } from './plan.ts';
import { handsOn, scratchStore } from './scratch.ts';

/** What the made-up deployments date their documents after. */
const BEFORE_ALL = '2026-11-23T08:00:00.000Z';
const AFTER_ALL = '2026-11-24T00:00:00.000Z';

const KEYS: Readonly<Record<Role, TestKey>> = {
  orchestrator: createTestKey(),
  builder: createTestKey(),
  deployer: createTestKey(),
};
const ROLES = ['orchestrator', 'builder', 'deployer'] as const;

function policyWith(change: (key: TrustedKey) => TrustedKey = (key) => key): { readonly keys: readonly TrustedKey[] } {
  return { keys: ROLES.map((role) => change(KEYS[role].trusted(role))) };
}

/** Signs each document with the key of the role that seals it in a platform, or as a test wants it. */
function platformNotary(by: (stage: Stage | null) => TestKey | null, policy = policyWith()): Notary {
  const reader = createNotary(null, async () => policy);
  const stageOf = (payload: Uint8Array): Stage | null => {
    const { predicate } = JSON.parse(Buffer.from(payload).toString()) as { predicate: Record<string, unknown> };
    const stage = (predicate['slipway_stage'] as { stage?: Stage } | undefined)?.stage ?? predicate['stage'];
    return (stage as Stage | undefined) ?? null;
  };
  return {
    ...reader,
    sign: (payload) => {
      const key = by(stageOf(payload));
      return key === null ? [] : [key.signer.sign(payload)];
    },
  };
}

const keyOf = (stage: Stage | null): TestKey => KEYS[stage === null ? 'orchestrator' : ROLE_OF_STAGE[stage]];
const RIGHT = platformNotary(keyOf);

/** A target with deployments that `sealing` signed, and the same store as whoever believes `reading` sees it. */
async function openTarget(sealing: Notary = RIGHT, deployments = 1) {
  const { path, artifacts } = await scratchStore(undefined, sealing);
  const target = createTarget(artifacts);
  for (let n = 0; n < deployments; n += 1) await target.deploy();
  const as = (reading: Notary) => createLayoutStore({ path, notary: reading });
  const hands = handsOn(path, 'storefront');
  return { ...target, path, as, hands };
}

const UNTRUSTED = { code: 'UNTRUSTED_EVIDENCE' };
const invalid = (reason: RegExp) => ({ verdict: 'INVALID', clause: '§15', reason: expect.stringMatching(reason) });

describe('a deployment whose documents are signed by those who did the stages', () => {
  test('is VALID, and each key is named', async () => {
    const { as, idOf } = await openTarget();
    const { verdict, signers } = await verifyDeployment(as(RIGHT), idOf(1));
    expect(verdict).toBe('VALID');
    expect(signers).toEqual([
      { document: 'change-intake', key: 'orchestrator-1' },
      { document: 'build', key: 'builder-1' },
      { document: 'verification', key: 'builder-1' },
      { document: 'release', key: 'orchestrator-1' },
      { document: 'deploy', key: 'deployer-1' },
      { document: 'post-deploy-verification', key: 'deployer-1' },
      { document: 'completion', key: 'orchestrator-1' },
      { document: 'record', key: 'orchestrator-1' },
    ]);
  });

  test('is a release to return to', async () => {
    const opened = await openTarget();
    const { as, idOf } = opened;
    const live = { ...opened.released(idOf(1)), deploymentId: idOf(1) };
    await expect(loadCompletedChain(as(RIGHT).component('storefront'), TARGET, live)).resolves.toBeDefined();
  });

  test('stays VALID when its keys have been rotated', async () => {
    const { as, idOf } = await openTarget();
    const rotated = platformNotary(
      keyOf,
      policyWith((key) => ({ ...key, until: AFTER_ALL })),
    );
    expect(await verifyDeployment(as(rotated), idOf(1))).toMatchObject({ verdict: 'VALID' });
  });

  test('stays VALID, and stays a way back, when a key is revoked from a later time on', async () => {
    const opened = await openTarget();
    const { as, idOf } = opened;
    const revoked = platformNotary(
      keyOf,
      policyWith((key) => ({ ...key, revoked: AFTER_ALL })),
    );
    expect(await verifyDeployment(as(revoked), idOf(1))).toMatchObject({ verdict: 'VALID' });
    const live = { ...opened.released(idOf(1)), deploymentId: idOf(1) };
    await expect(loadCompletedChain(as(revoked).component('storefront'), TARGET, live)).resolves.toBeDefined();
  });
});

describe('a stage that somebody else signed', () => {
  test.each(STAGES)('is refused: %s, by the key of another role', async (stage) => {
    const wrong = ROLES.find((role) => role !== ROLE_OF_STAGE[stage])!;
    const forger = platformNotary((of) => (of === stage ? KEYS[wrong] : keyOf(of)));
    // The forger's own reader believes him, so that he gets as far as the record.
    const believing: Notary = { ...forger, judge: async () => ({ state: 'signed', key: 'mine' }) };
    const { as, idOf } = await openTarget(believing);
    expect(await verifyDeployment(as(RIGHT), idOf(1))).toMatchObject(invalid(/is the key of/));
    await expect(readEvidence(as(RIGHT).component('storefront'), idOf(1), stage)).rejects.toMatchObject(UNTRUSTED);
  });

  test.each<[string, (key: TrustedKey) => TrustedKey, RegExp]>([
    ['by a key that is not known', (key) => ({ ...key, keyid: '0'.repeat(64) }), /not in the trust policy/],
    ['by a key of another environment', (key) => ({ ...key, environments: ['production'] }), /signs for production/],
    ['by a key whose time is over', (key) => ({ ...key, until: BEFORE_ALL }), /signed until/],
    ['by a key whose time has not come', (key) => ({ ...key, from: AFTER_ALL }), /signs from/],
    ['by a key that was revoked before', (key) => ({ ...key, revoked: BEFORE_ALL }), /was revoked/],
  ])('is refused: %s', async (_, change, reason) => {
    const { as, idOf } = await openTarget();
    const reader = platformNotary(
      keyOf,
      policyWith((key) => (key.role === 'builder' ? change(key) : key)),
    );
    expect(await verifyDeployment(as(reader), idOf(1))).toMatchObject(invalid(reason));
    const store = as(RIGHT).component('storefront');
    const { digest } = (await readEvidence(store, idOf(1), 'release'))!;
    await expect(loadChain(as(reader).component('storefront'), idOf(1), 'release', digest)).rejects.toMatchObject(
      UNTRUSTED,
    );
  });

  test('is refused where something is about to be done, once its key is revoked, whatever time it bears', async () => {
    const { as, idOf, store } = await openTarget();
    const revoked = platformNotary(
      keyOf,
      policyWith((key) => ({ ...key, revoked: AFTER_ALL })),
    );
    const { digest } = (await readEvidence(store, idOf(1), 'release'))!;
    const load = (acting: boolean) =>
      loadChain(as(revoked).component('storefront'), idOf(1), 'release', digest, acting);
    await expect(load(true)).rejects.toMatchObject(UNTRUSTED);
    await expect(load(false)).resolves.toBeDefined();
  });
});

describe('a chain that is spliced from two deployments of the same target', () => {
  test.each([
    ['build', 'change-intake'],
    ['verification', 'build'],
    ['release', 'verification'],
  ] as const)('is refused, though every link is signed: %s, on the %s of another', async (stage, before) => {
    const opened = await openTarget(RIGHT, 0);
    const { store, as, idOf } = opened;
    // The same bytes and the same version, so that nothing but the deployments differ.
    const text = 'the same';
    await opened.deploy({ text });
    const other = (await readEvidence(store, idOf(1), before))!;
    await opened.deploy({
      text,
      forge: { evidence: { [stage]: (honest: object) => ({ ...honest, previous: other.digest }) } },
    });
    const reader = as(RIGHT).component('storefront');
    const { digest } = (await readEvidence(reader, idOf(2), 'release'))!;
    await expect(loadChain(reader, idOf(2), 'release', digest)).rejects.toMatchObject({
      ...UNTRUSTED,
      message: expect.stringContaining(idOf(1)),
    });
    expect(await verifyDeployment(as(RIGHT), idOf(2))).toMatchObject({ verdict: 'INVALID' });
  });
});

describe('a signature that was taken away', () => {
  /** Writes a document again without its signatures, in the place of the one that is signed. */
  async function strip(opened: Awaited<ReturnType<typeof openTarget>>, name: string, artifactType: string) {
    const { as, hands, path } = opened;
    const store = as(RIGHT).component('storefront');
    const { statement } = (await readDocument(store, name))!;
    await hands.unname(name);
    const unsigned = createLayoutStore({ path, notary: NOBODY }).component('storefront');
    await sealDocument({ store: unsigned, name, artifactType, statement });
  }

  test.each(STAGES)('from %s is missed', async (stage) => {
    const opened = await openTarget();
    await strip(opened, nameOf.evidence(opened.idOf(1), stage), DOCUMENT.evidence);
    expect(await verifyDeployment(opened.as(RIGHT), opened.idOf(1))).toMatchObject(invalid(/nobody signed it/));
  });

  test('from the record is missed', async () => {
    const opened = await openTarget();
    await strip(opened, nameOf.record(opened.idOf(1)), DOCUMENT.record);
    expect(await verifyDeployment(opened.as(RIGHT), opened.idOf(1))).toMatchObject(invalid(/nobody signed it/));
  });

  test('is missed also by a date from before anybody signed', async () => {
    const opened = await openTarget();
    const late = platformNotary(
      keyOf,
      policyWith((key) => ({ ...key, from: LONG_AGO })),
    );
    const { path, idOf, as } = opened;
    const record = (await readRecord(as(RIGHT).component('storefront'), idOf(1)))!;
    const { digest: _, key: __, ...sealed } = record;
    const backdated = { ...sealed, sealedAt: '2025-01-01T00:00:00.000Z' };
    for (const name of [nameOf.record(idOf(1)), nameOf.outcome(idOf(1))]) await opened.hands.unname(name);
    await sealUnsigned(path, backdated);
    expect(await verifyDeployment(as(late), idOf(1))).toMatchObject(invalid(/nobody signed its record/));
    await expect(standingRecord(as(late).component('storefront'), idOf(1))).rejects.toMatchObject(UNTRUSTED);
  });
});

describe('who can write in the store, and holds no key,', () => {
  test('seals no evidence that a stage would answer with', async () => {
    const { path, as, idOf } = await openTarget(RIGHT, 0);
    await createTarget(createLayoutStore({ path })).deploy();
    const store = as(RIGHT).component('storefront');
    await expect(readEvidence(store, idOf(1), 'build')).rejects.toMatchObject(UNTRUSTED);
    await expect(readRecord(store, idOf(1))).rejects.toMatchObject(UNTRUSTED);
  });

  test('lifts no quarantine', async () => {
    const opened = await openTarget();
    const { path, as, idOf } = opened;
    const { digest } = opened.released(idOf(1));
    const store = as(RIGHT).component('storefront');
    await setQuarantine(store, { kind: 'quarantine', digest, by: 'slipway', reason: 'bad' }, 'bad');
    const eve = createLayoutStore({ path }).component('storefront');
    await sealDocument({
      store: eve,
      name: nameOf.quarantine(digest, 2),
      artifactType: DOCUMENT.act,
      statement: { ...decodeEnvelope(await actBytes(store, digest)).statement, predicate: lifting(digest) },
    });
    expect((await quarantineOf(store, digest)).quarantined).toBe(true);
  });

  test('makes no deployment end as he likes', async () => {
    const { path, as } = await openTarget(RIGHT, 0);
    const target = createTarget(as(RIGHT));
    const running = await target.begin();
    await running.passUpTo('release');
    const record = { ...running.draft(), result: 'completed' as const };
    const sealedAt = '2025-01-01T00:00:00.000Z';
    await sealUnsigned(path, { record, order: running.order, after: null, sealedAt });
    const store = as(RIGHT).component('storefront');
    const { deploymentId } = running;
    await expect(standingRecord(store, deploymentId)).rejects.toMatchObject(UNTRUSTED);
    await expect(claimRestoration(store, { deploymentId, generation: 1, at: sealedAt })).rejects.toMatchObject(
      UNTRUSTED,
    );
    // Only the outcome: it is not signed for him by whoever finds it.
    await handsOn(path, 'storefront').unname(nameOf.record(deploymentId));
    await expect(standingRecord(store, deploymentId)).rejects.toMatchObject(UNTRUSTED);
    expect(await store.resolve(nameOf.record(deploymentId))).toBeNull();
  });
});

/** As somebody who holds no key, and need not read what he writes. */
async function sealUnsigned(path: string, predicate: SealedRecord): Promise<void> {
  const store = createLayoutStore({ path }).component('storefront');
  const id = predicate.record.deploymentId ?? '';
  const statement = stateThat(PREDICATE.record, predicate);
  for (const name of [nameOf.outcome(id), nameOf.record(id)]) {
    await sealDocument({ store, name, artifactType: DOCUMENT.record, statement });
  }
}

/** The envelope of a digest's first quarantine. */
async function actBytes(store: Parameters<typeof quarantineOf>[0], digest: `sha256:${string}`): Promise<Buffer> {
  const { statement, signatures } = (await readDocument(store, nameOf.quarantine(digest, 1)))!;
  return Buffer.from(encodeEnvelope(statement, signatures));
}

function lifting(digest: string) {
  return { act: { kind: 'unquarantine', digest, by: 'eve', reason: 'it was nothing' }, key: 'eve' };
}

describe('a deployment from before anything was signed', () => {
  const signingBegan = platformNotary(
    keyOf,
    policyWith((key) => ({ ...key, from: AFTER_ALL })),
  );

  test('stays VALID, and is called unsigned', async () => {
    const { as, idOf } = await openTarget(NOBODY);
    const { verdict, signers } = await verifyDeployment(as(signingBegan), idOf(1));
    expect(verdict).toBe('VALID');
    expect(signers.every(({ key }) => key === null)).toBe(true);
  });

  test('is no release that a deployer accepts', async () => {
    const opened = await openTarget(NOBODY);
    const { as, idOf, store } = opened;
    const live = { ...opened.released(idOf(1)), deploymentId: idOf(1) };
    await expect(loadCompletedChain(as(signingBegan).component('storefront'), TARGET, live)).rejects.toMatchObject(
      UNTRUSTED,
    );
    const { digest } = (await readEvidence(store, idOf(1), 'release'))!;
    await expect(loadChain(as(signingBegan).component('storefront'), idOf(1), 'release', digest)).rejects.toMatchObject(
      UNTRUSTED,
    );
  });

  test('is none any more when anything before it is signed', async () => {
    const { path, as, idOf, state } = await openTarget(RIGHT);
    await createTarget(createLayoutStore({ path, notary: unsignedReader() }), { state: state() }).deploy();
    const reader = platformNotary(keyOf, { keys: ROLES.map((role) => KEYS[role].trusted(role)) });
    const lenient: Notary = { ...reader, signedSince: async () => null };
    expect(await verifyDeployment(as(lenient), idOf(2))).toMatchObject(invalid(/nobody signed its change-intake/));
  });
});

/** Signs nothing, and reads what is signed. */
function unsignedReader(): Notary {
  return { ...RIGHT, sign: () => [], signedSince: async () => null };
}

test('signed or not, the same statement has one payload', () => {
  const statement = {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [],
    predicateType: 'x',
    predicate: 1,
  } as const;
  const signed = decodeEnvelope(encodeEnvelope(statement, [KEYS.builder.signer.sign(payloadOf(statement))]));
  expect(signed.payload).toEqual(decodeEnvelope(encodeEnvelope(statement)).payload);
});

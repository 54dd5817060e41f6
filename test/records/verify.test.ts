import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readOciManifest } from '../../src/artifacts/oci.ts';
import { readDocument, sealDocument } from '../../src/artifacts/sealed.ts';
import type { Digest } from '../../src/contract/digest.ts';
import type { SealedRecord } from '../../src/contract/sealed-record.ts';
import { STAGES } from '../../src/contract/stages.ts';
import { appendAct } from '../../src/records/acts.ts';
import { DOCUMENT, PREDICATE, stateThat } from '../../src/records/document-types.ts';
import { readEvidence } from '../../src/records/evidence.ts';
import { nameOf } from '../../src/records/names.ts';
import { keepPlatform } from '../../src/records/platform.ts';
import { readRecord } from '../../src/records/record.ts';
import { verifyDeployment } from '../../src/records/verify.ts';
import { createTarget, type TargetState } from './deployments.ts';
import { TARGET, type Forgery } from './plan.ts';
import { handsOn, openStore, scratchStore, type ScratchStore } from './scratch.ts';

/**
 * A target with four deployments: two completed, one rolled back, a person who resumed it, and one completed. Each test
 * has the store to itself, as whoever may write its files.
 */
let original: ScratchStore;
let state: TargetState;
beforeAll(async () => {
  original = await openStore();
  const target = createTarget(original.artifacts);
  await target.deploy();
  await target.deploy();
  await target.deploy({ ends: { stage: 'post-deploy-verification', code: 'SMOKE_FAILED', restored: 'restored' } });
  const act = { kind: 'resume', by: 'ada', reason: 'seen' } as const;
  await appendAct(target.store, { target: TARGET, act, key: 'resumed', at: '2026-11-23T10:00:00.000Z' });
  await target.deploy();
  state = target.state();
});
afterAll(() => original.remove());

async function copy() {
  const { path, artifacts } = await scratchStore(original.path);
  const target = createTarget(artifacts, { state });
  const verify = (n: number) => verifyDeployment(artifacts, target.idOf(n));
  return { ...target, artifacts, verify, hands: handsOn(path, TARGET.component) };
}

type Copy = Awaited<ReturnType<typeof copy>>;
const invalid = (clause: string) => ({ verdict: 'INVALID', clause, reason: expect.any(String) as string });
const VALID = { verdict: 'VALID', clause: null, reason: null };

test('all that the pipeline sealed is VALID', async () => {
  const { verify, idOf } = await copy();
  for (const n of [1, 2, 3, 4]) expect(await verify(n)).toMatchObject({ id: idOf(n), ...VALID });
});

test.each(['staging/storefront/5', 'staging/catalog/1', 'production/storefront/1', 'nonsense'])(
  'of %s the store has never heard',
  async (id) => {
    const { artifacts } = await copy();
    await expect(verifyDeployment(artifacts, id)).rejects.toMatchObject({ code: 'UNKNOWN_DEPLOYMENT' });
  },
);

describe('a byte that was changed, or a blob that is gone, is noticed', () => {
  type Find = (copy: Copy) => Promise<Digest | undefined>;
  const blobs: readonly (readonly [string, Find])[] = [
    ['the record', async ({ store, idOf }) => (await readRecord(store, idOf(2)))?.digest],
    [
      'the manifest around the record',
      async ({ store, idOf }) => (await store.resolve(nameOf.record(idOf(2))))?.digest,
    ],
    ...STAGES.map((stage): readonly [string, Find] => [
      `the evidence of ${stage}`,
      async ({ store, idOf }) => (await readEvidence(store, idOf(2), stage))?.digest,
    ]),
    [
      'the SBOM',
      async ({ store, idOf }) => (await readEvidence(store, idOf(2), 'build'))?.predicate.findings?.origin?.sbom,
    ],
    ['the image', async ({ store, idOf }) => (await readRecord(store, idOf(2)))?.record.artifact?.digest],
    ['the config of the image', async (at) => (await imageOf(at)).config.digest],
    ['the layer of the image', async (at) => (await imageOf(at)).layers[0].digest],
    [
      'the platform file',
      async ({ store, idOf }) => {
        const intake = await readEvidence(store, idOf(2), 'change-intake');
        return intake?.predicate.findings?.platform;
      },
    ],
    ['what was decided', async ({ store, idOf }) => (await store.resolve(nameOf.outcome(idOf(2))))?.digest],
    ['the record before', async ({ store, idOf }) => (await readRecord(store, idOf(1)))?.digest],
  ];
  const imageOf = async ({ store, idOf }: Copy) => {
    const digest = (await readRecord(store, idOf(2)))?.record.artifact?.digest;
    return await readOciManifest(store, digest ?? 'sha256:');
  };

  test.each(blobs)('changed: %s', async (_, find) => {
    const at = await copy();
    await at.hands.flip((await find(at)) ?? 'sha256:');
    expect(await at.verify(2)).toMatchObject(invalid('§6'));
  });

  test.each(blobs)('gone: %s', async (_, find) => {
    const at = await copy();
    await at.hands.remove((await find(at)) ?? 'sha256:');
    expect(await at.verify(2)).toMatchObject(invalid('§6'));
  });

  test.each([
    ['a hold', 2, 3],
    ['a resume', 3, 4],
  ])('changed: %s', async (_, act, n) => {
    const at = await copy();
    await at.hands.flip((await readDocument(at.store, nameOf.act(TARGET, act)))?.digest ?? 'sha256:');
    expect(await at.verify(n)).toMatchObject(invalid('§6'));
  });
});

describe('a name that was taken away, or leads elsewhere, is noticed', () => {
  type Tamper = (copy: Copy) => Promise<void>;
  const cases: readonly (readonly [string, number, Tamper, string])[] = [
    ['a record in the middle was deleted', 3, ({ hands, idOf }) => hands.unname(nameOf.record(idOf(2))), '§14'],
    ['a record was deleted', 2, ({ hands, idOf }) => hands.unname(nameOf.record(idOf(2))), '§15'],
    ['evidence was deleted', 2, ({ hands, idOf }) => hands.unname(nameOf.evidence(idOf(2), 'verification')), '§4'],
    [
      'failed evidence was deleted',
      3,
      ({ hands, idOf }) => hands.unname(nameOf.evidence(idOf(3), 'post-deploy-verification')),
      '§14',
    ],
    ['the decision was deleted', 2, ({ hands, idOf }) => hands.unname(nameOf.outcome(idOf(2))), '§11'],
    [
      'the platform file was deleted',
      2,
      async ({ store, hands }) => hands.unname((await store.names('platform.'))[0] ?? ''),
      '§6',
    ],
    [
      'the version was deleted',
      2,
      async ({ store, hands, idOf }) =>
        hands.unname((await readRecord(store, idOf(2)))?.record.artifact?.version ?? ''),
      '§6',
    ],
    [
      'the version leads to another image',
      2,
      async ({ store, hands, idOf }) => {
        const [one, two] = await Promise.all(
          [1, 2].map(async (n) => (await readRecord(store, idOf(n)))?.record.artifact?.version ?? ''),
        );
        await hands.redirect(two ?? '', one ?? '');
      },
      '§6',
    ],
    [
      'a record leads to that of another deployment',
      2,
      ({ hands, idOf }) => hands.redirect(nameOf.record(idOf(2)), nameOf.record(idOf(1))),
      '§6',
    ],
    [
      'evidence leads to that of another stage',
      2,
      ({ hands, idOf }) => hands.redirect(nameOf.evidence(idOf(2), 'release'), nameOf.evidence(idOf(2), 'build')),
      '§6',
    ],
    ['an act in the middle was deleted', 4, ({ hands }) => hands.unname(nameOf.act(TARGET, 2)), '§14'],
    ['the newest act that change intake saw was deleted', 4, ({ hands }) => hands.unname(nameOf.act(TARGET, 3)), '§14'],
    ['the hold that followed was deleted', 3, ({ hands }) => hands.unname(nameOf.act(TARGET, 2)), '§14'],
    ['the quarantine that followed was deleted', 3, ({ hands }) => hands.unname(nameOf.act(TARGET, 1)), '§14'],
  ];
  test.each(cases)('%s: deployment %i', async (_, n, tamper, clause) => {
    const at = await copy();
    await tamper(at);
    expect(await at.verify(n)).toMatchObject(invalid(clause));
  });

  test('the newest record was deleted, and an act was sealed after it', async () => {
    const { verify, hands, store, idOf } = await copy();
    const act = { kind: 'hold', by: 'ada', reason: 'so' } as const;
    await appendAct(store, { target: TARGET, act, key: 'held', at: '2026-11-23T11:00:00.000Z' });
    await hands.unname(nameOf.record(idOf(4)));
    expect(await verify(4)).toMatchObject(invalid('§15'));
  });
});

const OF_THE_FOURTH = { deploymentId: 'staging/storefront/4', target: 'staging/storefront' };

describe('what was sealed anew in place of another is noticed', () => {
  test('a record that was rewritten: by the one after it', async () => {
    const { verify, hands, store, idOf } = await copy();
    const { digest: _, ...sealed } = (await readRecord(store, idOf(2)))!;
    const rewritten = { ...sealed, sealedAt: '2026-11-23T12:00:00.000Z' };
    for (const name of [nameOf.record(idOf(2)), nameOf.outcome(idOf(2))]) {
      await hands.unname(name);
      await sealDocument({
        store,
        name,
        artifactType: DOCUMENT.record,
        statement: stateThat(PREDICATE.record, rewritten),
      });
    }
    expect(await verify(2)).toMatchObject(invalid('§14'));
    expect(await verify(3)).toMatchObject(invalid('§14'));
    expect(await verify(1)).toMatchObject(VALID);
  });

  test('an act that was rewritten: by the change intake that saw it', async () => {
    const { verify, hands, store } = await copy();
    const name = nameOf.act(TARGET, 3);
    await hands.unname(name);
    const act = { kind: 'resume', by: 'eve', reason: 'seen' } as const;
    await appendAct(store, { target: TARGET, act, key: 'resumed by eve', at: '2026-11-23T10:00:00.000Z' });
    expect(await verify(4)).toMatchObject(invalid('§14'));
    expect(await verify(3)).toMatchObject(VALID);
  });

  test('a platform file under a name that is not its digest', async () => {
    const { verify, hands, store } = await copy();
    const [name] = await store.names('platform.');
    await hands.unname(name ?? '');
    await keepPlatform(store, Buffer.from('apiVersion: slipway/v1\n'), `sha256:${name?.slice('platform.'.length)}`);
    expect(await verify(2)).toMatchObject(invalid('§6'));
  });

  test.each([
    ['a record without stages', { record: { ...OF_THE_FOURTH, stages: null }, sealedAt: '2026-11-23T10:00:00.000Z' }],
    ['a record without a change', { record: { ...OF_THE_FOURTH, change: null }, sealedAt: '2026-11-23T10:00:00.000Z' }],
    ['nothing but a record', {}],
  ])('%s is in no form that the pipeline writes', async (_, predicate) => {
    const { verify, hands, store, idOf } = await copy();
    await hands.unname(nameOf.record(idOf(4)));
    const statement = stateThat(PREDICATE.record, predicate);
    await sealDocument({ store, name: nameOf.record(idOf(4)), artifactType: DOCUMENT.record, statement });
    expect(await verify(4)).toMatchObject(invalid('§14'));
  });
});

describe('a forger who seals one lie, and honestly all that hangs on it, is found out', () => {
  const cases: readonly (readonly [string, Forgery, string])[] = [
    ['a stage that was never carried out', { unsealed: ['verification'] }, '§4'],
    ['evidence that hangs on nothing', { evidence: { release: (honest) => ({ ...honest, previous: null }) } }, '§4'],
    ['another result', { record: (honest) => ({ ...honest, record: { ...honest.record, result: 'aborted' } }) }, '§11'],
    [
      'a deployment of a release of its own',
      {
        evidence: {
          deploy: (honest) => ({
            ...honest,
            findings: { ...honest.findings, release: { version: 'x', digest: `sha256:${'0'.repeat(64)}` } },
          }),
        },
      },
      '§9',
    ],
    ['a time that is none', { evidence: { build: (honest) => ({ ...honest, finishedAt: 'yesterday' }) } }, '§14'],
  ];
  test.each(cases)('%s', async (_, forge, clause) => {
    const { deploy, verify } = await copy();
    await deploy({ forge });
    expect(await verify(5)).toMatchObject(invalid(clause));
  });

  test.each(['verification', 'deploy'] as const)(
    'the %s of another deployment, put in the place of its own',
    async (stage) => {
      const { deploy, verify, store, idOf } = await copy();
      const other = (await readDocument(store, nameOf.evidence(idOf(2), stage)))!;
      const named = ({ record }: SealedRecord) =>
        record.stages.map((entry) => (entry.stage === stage ? { ...entry, evidence: other.digest } : entry));
      const record = (honest: SealedRecord) => ({ ...honest, record: { ...honest.record, stages: named(honest) } });
      await deploy({ forge: { unsealed: [stage], record } });
      const name = nameOf.evidence(idOf(5), stage);
      await sealDocument({ store, name, artifactType: DOCUMENT.evidence, statement: other.statement });
      expect(await verify(5)).toMatchObject(invalid('§15'));
    },
  );

  test('a hand in the runtime: the order after it was refused, and what was live then is INVALID', async () => {
    const { deploy, verify } = await copy();
    await deploy({ ends: { stage: 'change-intake', code: 'UNKNOWN_RUNTIME_STATE' } });
    expect(await verify(4)).toMatchObject(invalid('§15'));
    expect(await verify(5)).toMatchObject(VALID);
    expect(await verify(2)).toMatchObject(VALID);
  });

  test('a change intake that shut its eyes to a hand in the runtime', async () => {
    const { deploy, verify } = await copy();
    await deploy({ hand: (runtime) => ({ ...runtime, generation: runtime.generation + 1 }) });
    expect(await verify(5)).toMatchObject(invalid('§2'));
    expect(await verify(4)).toMatchObject(invalid('§15'));
  });
});

import { beforeAll, describe, expect, test } from 'vitest';
import type { Statement } from '../../src/contract/envelope.ts';
import { evidenceType, SLSA } from '../../src/contract/slsa.ts';
import { STAGES } from '../../src/contract/stages.ts';
import { setQuarantine } from '../../src/records/acts.ts';
import { PREDICATE } from '../../src/records/document-types.ts';
import { sealProvenance, type Provenance } from '../../src/records/provenance.ts';
import { sealDegradation } from '../../src/records/watch.ts';
import { createTarget } from '../records/deployments.ts';
import { storeImage } from '../records/made-up.ts';
import { rollbackOf } from '../records/plan.ts';
import { openStore } from '../records/scratch.ts';
import { statementsIn } from './documents.ts';
import { faultsBy, faultsOfForm } from './forms.ts';
import { BUILD_FIELD, PUBLISHED } from './published.ts';

let sealed: ReadonlyMap<string, Statement>;

/** A target to which everything happens that is sealed: what completes, fails, is rolled back, held, degrades. */
beforeAll(async () => {
  const { artifacts, remove } = await openStore();
  const target = createTarget(artifacts);
  const { store } = target;
  const first = await target.deploy();
  await target.deploy({ ends: { stage: 'change-intake', code: 'SCOPE_EXCEEDED' } });
  await target.deploy({ ends: { stage: 'build', code: 'NOT_REPRODUCIBLE' } });
  await target.deploy({ ends: { stage: 'post-deploy-verification', code: 'HEALTH_FAILED', restored: 'late' } });
  const returnTo = { ...target.released(target.idOf(1)), deploymentId: target.idOf(1) };
  await target.deploy({ order: rollbackOf('back'), returnTo, text: 'version 1' });
  const image = await storeImage(artifacts, 'version 1');
  const { finishedAt } = first.record.stages.at(-1) ?? {};
  const times = { startedAt: first.sealedAt, finishedAt: finishedAt ?? first.sealedAt };
  await sealDegradation(store, { ...returnTo, ...times, verdict: {} }, image.descriptor);
  const { digest } = image.release;
  await setQuarantine(store, { kind: 'quarantine', digest, by: 'ada', reason: 'it is bad' }, 'bad');
  await setQuarantine(store, { kind: 'unquarantine', digest, by: 'ada', reason: 'it was not' }, 'good');
  const built = [...(await statementsIn(store)).values()].find(
    ({ predicateType }) => predicateType === SLSA.provenance,
  );
  const { slipway_stage: stage } = built?.predicate as { readonly slipway_stage: { readonly findings: Provenance } };
  await sealProvenance(store, stage.findings, image.descriptor);
  sealed = await statementsIn(store);
  return remove;
});

describe('what the pipeline seals', () => {
  test('has the published form of its kind, or that of SLSA with ours beside it', () => {
    for (const [name, statement] of sealed) expect([name, ...faultsOfForm(statement)]).toEqual([name]);
  });

  test('is of every kind that is published', () => {
    const types = new Set([...sealed.values()].map(({ predicateType }) => predicateType));
    const own = PUBLISHED.map(({ id }) => id).filter((id) => id !== BUILD_FIELD);
    const inSlsa = new Set([evidenceType('verification'), evidenceType('release')]);
    expect([...own.filter((id) => !inSlsa.has(id)), ...Object.values(SLSA)].filter((type) => !types.has(type))).toEqual(
      [],
    );
  });

  test('may have fields that later versions add', () => {
    for (const { predicate } of only(PREDICATE.record)) {
      expect(faultsBy(PREDICATE.record, { ...(predicate as object), weather: 'fair' })).toEqual([]);
    }
  });
});

describe('what lacks a field that is required, or has another type in its place, is not of the form', () => {
  test.each(STAGES)('evidence of %s', (stage) => {
    const [predicate] = stagesOf(stage);
    expect(predicate).toBeDefined();
    refusedWithout(evidenceType(stage), predicate as object, [
      ['stage'],
      ['deploymentId'],
      ['previous'],
      ['result'],
      ['failure'],
      ['finishedAt'],
      ['findings', FINDING[stage]],
    ]);
  });

  test.each<[string, string, readonly string[][]]>([
    [
      'a record',
      PREDICATE.record,
      [['record'], ['order'], ['sealedAt'], ['record', 'change', 'id'], ['record', 'stages']],
    ],
    ['a restoration', PREDICATE.intent, [['deploymentId'], ['generation'], ['at']]],
    ['an act', PREDICATE.act, [['act'], ['act', 'kind'], ['act', 'reason'], ['key']]],
    ['a watch', PREDICATE.watch, [['deploymentId'], ['digest'], ['finishedAt']]],
  ])('%s', (_, type, paths) => {
    const [statement] = only(type);
    refusedWithout(type, statement?.predicate as object, paths);
  });

  test('a provenance of ours by itself', () => {
    const [statement] = [...sealed].flatMap(([name, found]) => (name.startsWith('build.') ? [found] : []));
    const { slipway_build: build } = statement?.predicate as { readonly slipway_build: object };
    refusedWithout(BUILD_FIELD, build, [['release'], ['definition'], ['builds'], ['origin'], ['origin', 'sbom']]);
  });

  test.each([SLSA.provenance, SLSA.summary])('and the SLSA predicate around it: %s', (type) => {
    const required = {
      [SLSA.provenance]: [['buildDefinition'], ['buildDefinition', 'buildType'], ['runDetails', 'builder', 'id']],
      [SLSA.summary]: [
        ['verifier', 'id'],
        ['resourceUri'],
        ['policy', 'uri'],
        ['verificationResult'],
        ['verifiedLevels'],
      ],
    };
    const [statement] = only(type);
    refusedWithout(type, statement?.predicate as object, required[type]);
  });
});

/** A field of each stage's findings without which nobody could judge them. */
const FINDING = {
  'change-intake': 'order',
  build: 'builds',
  verification: 'artifact',
  release: 'release',
  deploy: 'live',
  'post-deploy-verification': 'generation',
  completion: 'chain',
} as const;

function only(type: string): readonly Statement[] {
  return [...sealed.values()].filter(({ predicateType }) => predicateType === type);
}

/** Passed evidence of one stage, wherever it stands. */
function stagesOf(stage: string): readonly unknown[] {
  return [...sealed.values()]
    .map(({ predicate }) => (predicate as { readonly slipway_stage?: unknown }).slipway_stage ?? predicate)
    .filter((predicate) => {
      const found = predicate as { readonly stage?: string; readonly findings?: unknown };
      return found.stage === stage && found.findings !== null;
    });
}

function refusedWithout(type: string, predicate: object, paths: readonly (readonly string[])[]): void {
  expect(faultsBy(type, predicate)).toEqual([]);
  for (const path of paths) {
    expect([path, faultsBy(type, changed(predicate, path, undefined)).length > 0]).toEqual([path, true]);
    expect([path, faultsBy(type, changed(predicate, path, 3.5e300)).length > 0]).toEqual([path, true]);
  }
}

/** A copy in which one field has another value, or is not there. */
function changed(original: object, path: readonly string[], value: unknown): unknown {
  const copy = structuredClone(original) as Record<string, unknown>;
  let inner = copy;
  for (const key of path.slice(0, -1)) inner = inner[key] as Record<string, unknown>;
  const last = path.at(-1) ?? '';
  if (value === undefined) delete inner[last];
  else inner[last] = last === 'generation' ? 'many' : value;
  return copy;
}

import { beforeAll, describe, expect, test } from 'vitest';
import type { Statement } from '../../src/contract/envelope.ts';
import { evidenceType, SLSA } from '../../src/contract/slsa.ts';
import type { Stage } from '../../src/contract/stages.ts';
import { setQuarantine } from '../../src/records/acts.ts';
import { PREDICATE } from '../../src/records/document-types.ts';
import { readEvidence } from '../../src/records/evidence.ts';
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
  const opened = await openStore();
  const { artifacts } = opened;
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
  const built = await readEvidence(store, target.idOf(1), 'build');
  await sealProvenance(store, built?.predicate.findings as Provenance, image.descriptor);
  sealed = await statementsIn(store);
  return () => opened.remove();
});

describe('what the pipeline seals', () => {
  test('has the published form of its kind, or that of SLSA with ours beside it', () => {
    for (const [name, statement] of sealed) expect([name, ...faultsOfForm(statement)]).toEqual([name]);
  });

  test('is of every form that is published, and of those of SLSA', () => {
    expect(Object.keys(REQUIRED).toSorted()).toEqual(
      [...PUBLISHED.map(({ id }) => id), ...Object.values(SLSA)].toSorted(),
    );
    for (const form of Object.keys(REQUIRED)) expect(sealedAs(form)).toBeDefined();
  });

  test('may have fields that later versions add', () => {
    for (const { predicate } of only(PREDICATE.record)) {
      expect(faultsBy(PREDICATE.record, { ...(predicate as object), weather: 'fair' })).toEqual([]);
    }
  });
});

/** Fields without which nobody could judge what was sealed, by the form that requires them. */
const REQUIRED: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(
    Object.entries({
      'change-intake': 'order',
      build: 'builds',
      verification: 'artifact',
      release: 'release',
      deploy: 'live',
      'post-deploy-verification': 'generation',
      completion: 'chain',
    } satisfies Record<Stage, string>).map(([stage, found]) => [
      evidenceType(stage as Stage),
      ['stage', 'deploymentId', 'previous', 'result', 'failure', 'finishedAt', `findings.${found}`],
    ]),
  ),
  [BUILD_FIELD]: ['release', 'definition', 'builds', 'origin', 'origin.sbom', 'origin.source.revision'],
  [PREDICATE.record]: ['record', 'order', 'sealedAt', 'record.change.id', 'record.stages', 'record.result'],
  [PREDICATE.intent]: ['deploymentId', 'generation', 'at'],
  [PREDICATE.act]: ['act', 'act.kind', 'act.reason', 'key'],
  [PREDICATE.watch]: ['deploymentId', 'digest', 'finishedAt'],
  [SLSA.provenance]: ['buildDefinition', 'buildDefinition.buildType', 'runDetails.builder.id'],
  [SLSA.summary]: ['verifier.id', 'resourceUri', 'policy.uri', 'verificationResult', 'verifiedLevels'],
};

describe('what lacks a field that is required, or has another type in its place, is not of the form', () => {
  test.each(Object.entries(REQUIRED))('%s', (form, fields) => {
    const predicate = sealedAs(form);
    expect(faultsBy(form, predicate)).toEqual([]);
    const taken = fields.flatMap((field) => [
      [field, 'missing', faultsBy(form, changed(predicate, field, undefined)).length > 0],
      [field, 'of another type', faultsBy(form, changed(predicate, field, false)).length > 0],
    ]);
    expect(taken.filter(([, , isRefused]) => isRefused === false)).toEqual([]);
  });
});

function only(type: string): readonly Statement[] {
  return [...sealed.values()].filter(({ predicateType }) => predicateType === type);
}

/** Something that was sealed in a form: a predicate, or the field of one; of a stage, what it sealed when it passed. */
function sealedAs(form: string): object {
  const predicates = [...sealed.values()].flatMap(({ predicateType, predicate }) => {
    const { slipway_stage: stage, slipway_build: build } = predicate as Readonly<Record<string, { stage?: Stage }>>;
    const said = [[predicateType, predicate] as const];
    if (stage?.stage !== undefined) said.push([evidenceType(stage.stage), stage]);
    if (build !== undefined) said.push([BUILD_FIELD, build]);
    return said;
  });
  const found = predicates.find(
    ([of, predicate]) => of === form && (predicate as { findings?: null }).findings !== null,
  );
  if (found === undefined) throw new Error(`nothing was sealed as ${form}`);
  return found[1] as object;
}

/** A copy in which one field, `a.b.c`, has another value, or is not there. */
function changed(original: object, field: string, value: unknown): unknown {
  const copy = structuredClone(original) as Record<string, unknown>;
  const path = field.split('.');
  const last = path.pop() ?? '';
  const inner = path.reduce((found, key) => found[key] as Record<string, unknown>, copy);
  if (value === undefined) delete inner[last];
  else inner[last] = value;
  return copy;
}

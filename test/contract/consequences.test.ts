import { describe, expect, test } from 'vitest';
import type { RestorationReport } from '../../src/contract/activities.ts';
import type { FailureCode } from '../../src/contract/failure.ts';
import type { Order } from '../../src/contract/order.ts';
import { recordedRollback, resultOf } from '../../src/contract/outcome.ts';
import { openRecord, type DeploymentRecord, type RecordedFailure } from '../../src/contract/record.ts';
import { consequencesOf } from '../../src/contract/sealed-record.ts';
import type { Stage } from '../../src/contract/stages.ts';

const ID = 'staging/storefront/7';
const OLD = { version: 'old', digest: `sha256:${'a'.repeat(64)}` } as const;
const NEW = { version: 'new', digest: `sha256:${'b'.repeat(64)}` } as const;
const target = { environment: 'staging', component: 'storefront' };
const DEPLOY: Order = {
  kind: 'deploy',
  requestId: 'r',
  target,
  by: 'ada',
  change: 'CHG-1',
  source: 'shop',
  revision: '0'.repeat(40),
};
const BACK: Order = { kind: 'rollback', requestId: 'r', target, by: 'ada', reason: 'complaints', version: null };

type Restored = RestorationReport['outcome'] | null;

function ended(
  code: FailureCode,
  stage: Stage | null,
  restored?: Restored,
  from: DeploymentRecord['from'] = OLD,
): DeploymentRecord {
  const failure: RecordedFailure = { code, clause: null, stage, message: '' };
  const course = { trigger: 'SMOKE_FAILED', to: from, startedAt: 0, endedAt: 1, within: 10 } as const;
  const rollback = restored === undefined ? null : recordedRollback({ ...course, restored });
  const artifact = stage === 'change-intake' || stage === 'build' ? null : NEW;
  return { ...openRecord(ID, DEPLOY), from, artifact, failure, rollback, result: resultOf(failure, rollback) };
}

function completed(
  order: Order,
  { from = OLD, artifact = NEW }: Partial<Pick<DeploymentRecord, 'from' | 'artifact'>> = {},
): DeploymentRecord {
  return { ...openRecord(ID, order), from, artifact, result: 'completed' };
}

const kinds = (record: DeploymentRecord, afterRollback: 'hold' | 'continue', order: Order = DEPLOY): string[] =>
  consequencesOf(record, order, afterRollback).map(({ kind }) => kind);

describe('what follows from a record that did not complete', () => {
  type Case = [FailureCode, Stage, Restored | undefined, string[]];
  test.for<Case>([
    ['UNDOCUMENTED_CHANGE', 'change-intake', undefined, []],
    ['NOT_REPRODUCIBLE', 'build', undefined, []],
    ['VERIFICATION_FAILED', 'verification', undefined, []],
    ['ABORTED', 'release', undefined, []],
    ['INSTANCE_DIED', 'deploy', 'unchanged', []],
    ['INSTANCE_DIED', 'deploy', 'restored', ['hold']],
    ['UNAVAILABLE', 'post-deploy-verification', 'restored', ['quarantine', 'hold']],
    ['HEALTH_FAILED', 'post-deploy-verification', 'restored', ['quarantine', 'hold']],
    ['SMOKE_FAILED', 'post-deploy-verification', 'restored', ['quarantine', 'hold']],
    ['HEALTH_DEGRADED', 'post-deploy-verification', 'restored', ['quarantine', 'hold']],
    ['DEFINITION_OF_DONE_VIOLATED', 'completion', 'restored', ['quarantine', 'hold']],
    ['SMOKE_FAILED', 'post-deploy-verification', null, ['quarantine', 'hold']],
    ['SMOKE_FAILED', 'post-deploy-verification', 'superseded', ['quarantine', 'hold']],
    ['VERIFICATION_INCONCLUSIVE', 'post-deploy-verification', 'restored', ['hold']],
    ['RUNTIME_UNAVAILABLE', 'post-deploy-verification', 'restored', ['hold']],
    ['STALE_GENERATION', 'post-deploy-verification', 'superseded', ['hold']],
    ['INTERNAL', 'completion', 'restored', ['hold']],
    ['ABORTED', 'post-deploy-verification', 'restored', ['hold']],
    ['DEPLOYMENT_TERMINATED', 'post-deploy-verification', 'restored', ['hold']],
    ['DEPLOYMENT_TERMINATED', 'completion', 'restored', ['hold']],
    ['DEPLOYMENT_TERMINATED', 'build', 'unchanged', []],
  ])('%s in %s, and then %s: %j', ([code, stage, restored, expected]) => {
    expect(kinds(ended(code, stage, restored), 'hold')).toEqual(expected);
    expect(kinds(ended(code, stage, restored), 'continue')).toEqual(expected.filter((kind) => kind !== 'hold'));
  });

  test('a first deployment that was taken out of service again is quarantined and held as well', () => {
    expect(kinds(ended('SMOKE_FAILED', 'post-deploy-verification', 'removed', null), 'hold')).toEqual([
      'quarantine',
      'hold',
    ]);
  });

  test('each says whose doing it is, and of which deployment', () => {
    expect(consequencesOf(ended('SMOKE_FAILED', 'post-deploy-verification', 'restored'), DEPLOY, 'hold')).toEqual([
      { kind: 'quarantine', digest: NEW.digest, by: 'slipway', reason: `SMOKE_FAILED in ${ID}` },
      { kind: 'hold', by: 'slipway', reason: `${ID} rolled back: SMOKE_FAILED` },
    ]);
  });
});

describe('what follows from a record that completed', () => {
  test('of an ordinary order is nothing', () => {
    expect(kinds(completed(DEPLOY), 'hold')).toEqual([]);
  });

  test('of a rollback that named no version: what it replaced is quarantined, by whoever asked', () => {
    expect(consequencesOf(completed(BACK), BACK, 'hold')).toEqual([
      { kind: 'quarantine', digest: OLD.digest, by: 'ada', reason: 'rolled back on request: complaints' },
    ]);
  });

  test.each([
    ['named a version', completed(BACK), { ...BACK, version: 'new' }],
    ['brought back what was live', completed(BACK, { artifact: OLD }), BACK],
    ['found nothing live', completed(BACK, { from: null }), BACK],
  ])('of a rollback that %s is nothing', (_, record, order) => {
    expect(kinds(record, 'hold', order)).toEqual([]);
  });
});

describe('a release that degraded after its completion, and was taken back by its lane', () => {
  const degradation = { deploymentId: 'staging/storefront/6', evidence: `sha256:${'c'.repeat(64)}` } as const;
  const order: Order = { ...BACK, by: 'slipway', degradation };

  test('leaves its target held, and its digest quarantined', () => {
    const acts = consequencesOf(completed(order), order, 'hold');
    expect(acts.map(({ kind }) => kind).toSorted()).toEqual(['hold', 'quarantine']);
    expect(acts.find(({ kind }) => kind === 'hold')).toMatchObject({
      by: 'slipway',
      reason: `staging/storefront/6 degraded after its completion; ${ID} took it back`,
    });
  });

  test('leaves it open where its environment says so; a person who asked for a rollback is not held', () => {
    expect(consequencesOf(completed(order), order, 'continue').map(({ kind }) => kind)).toEqual(['quarantine']);
    expect(consequencesOf(completed(BACK), BACK, 'hold').map(({ kind }) => kind)).toEqual(['quarantine']);
  });
});

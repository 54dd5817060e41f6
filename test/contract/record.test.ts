import { describe, expect, test } from 'vitest';
import type { Evidence } from '../../src/contract/evidence.ts';
import type { DeployOrder, RollbackOrder } from '../../src/contract/order.ts';
import { beginStage, endStage, EXIT_OF_RESULT, openRecord, RESULTS, withEvidence } from '../../src/contract/record.ts';

const target = { environment: 'staging', component: 'storefront' };
const ORDER: DeployOrder = {
  kind: 'deploy',
  requestId: 'r1',
  target,
  by: 'ada',
  change: 'CHG-1',
  source: 'shop',
  revision: 'a'.repeat(40),
};
const BACK: RollbackOrder = {
  kind: 'rollback',
  requestId: 'r2',
  target,
  by: 'bob',
  reason: 'complaints',
  version: null,
};
const ID = 'staging/storefront/7';
const at = (second: number): string => `2026-11-23T09:00:0${second}.000Z`;
const digest = (hex: string) => `sha256:${hex.repeat(64)}` as const;

const INTAKE: Evidence<'change-intake'> = {
  stage: 'change-intake',
  digest: digest('1'),
  facts: {
    changeId: 'CHG-1',
    summary: 'Show delivery dates',
    reason: 'SHOP-881',
    carries: ['CHG-1', 'CHG-2'],
    source: { repository: 'shop', revision: 'a'.repeat(40) },
    from: { version: 'old', digest: digest('a'), deploymentId: 'staging/storefront/6' },
    generation: 3,
    rollbackWithin: 30_000,
  },
};
const BUILD: Evidence<'build'> = {
  stage: 'build',
  digest: digest('2'),
  facts: { version: 'new', digest: digest('b') },
};

describe('the record of what was deployed, when and why (§14)', () => {
  test('begins with the order, before anybody has read the change', () => {
    expect(openRecord(ID, ORDER)).toMatchObject({
      deploymentId: ID,
      target: 'staging/storefront',
      requestId: 'r1',
      change: { id: 'CHG-1', summary: null, reason: null, requestedBy: 'ada', carries: [] },
      source: { repository: 'shop', revision: 'a'.repeat(40) },
      result: null,
      stages: [],
    });
  });

  test('of a rollback that never began names the reason, and no revision', () => {
    expect(openRecord(null, BACK)).toMatchObject({
      deploymentId: null,
      change: { id: 'rollback:previous', reason: 'complaints', requestedBy: 'bob' },
      source: null,
    });
    expect(openRecord(ID, { ...BACK, version: 'v1' }).change.id).toBe('rollback:v1');
  });

  test('lists the stages that began, in order, each with its times, result and evidence', () => {
    let record = beginStage(openRecord(ID, ORDER), 'change-intake', at(1));
    expect(record.stages).toEqual([
      { stage: 'change-intake', result: null, startedAt: at(1), finishedAt: null, evidence: null },
    ]);
    record = beginStage(withEvidence(record, INTAKE, at(2)), 'build', at(3));
    record = endStage(record, 'failed', at(4), digest('2'));
    expect(record.stages).toEqual([
      { stage: 'change-intake', result: 'passed', startedAt: at(1), finishedAt: at(2), evidence: digest('1') },
      { stage: 'build', result: 'failed', startedAt: at(3), finishedAt: at(4), evidence: digest('2') },
    ]);
  });

  test('takes over what change intake admitted and what was built', () => {
    const admitted = withEvidence(beginStage(openRecord(ID, ORDER), 'change-intake', at(1)), INTAKE, at(2));
    expect(admitted).toMatchObject({
      change: {
        id: 'CHG-1',
        summary: 'Show delivery dates',
        reason: 'SHOP-881',
        requestedBy: 'ada',
        carries: ['CHG-1', 'CHG-2'],
      },
      from: { version: 'old', digest: digest('a') },
      artifact: null,
    });
    expect(admitted.from).not.toHaveProperty('deploymentId');
    const built = withEvidence(beginStage(admitted, 'build', at(3)), BUILD, at(4));
    expect(built).toMatchObject({ artifact: { version: 'new', digest: digest('b') }, change: admitted.change });
  });

  test('is never changed: each step is a record of its own', () => {
    const opened = openRecord(ID, ORDER);
    const begun = beginStage(opened, 'change-intake', at(1));
    endStage(begun, 'aborted', at(2), null);
    expect(opened.stages).toEqual([]);
    expect(begun.stages[0]?.result).toBeNull();
    expect(endStage(opened, 'aborted', at(2), null)).toEqual(opened);
  });
});

test('each result has an exit code of its own', () => {
  expect(new Set(Object.values(EXIT_OF_RESULT)).size).toBe(RESULTS.length);
  expect(Object.keys(EXIT_OF_RESULT).toSorted()).toEqual([...RESULTS].toSorted());
});

import { describe, expect, test } from 'vitest';
import { openRecord, type DeploymentRecord } from '../../src/contract/record.ts';
import { brokenPromises, type DemoOutcome } from '../../src/demo/outcome.ts';
import { mismatchOf } from '../../src/demo/step.ts';

const RECORD: DeploymentRecord = {
  ...openRecord('staging/catalog/1', {
    kind: 'rollback',
    requestId: 'r',
    target: { environment: 'staging', component: 'catalog' },
    by: 'ada',
    reason: 'x',
    version: null,
  }),
  result: 'completed',
};
const FAILED: DeploymentRecord = {
  ...RECORD,
  result: 'rolled-back',
  failure: { code: 'SMOKE_FAILED', clause: '§10', stage: 'post-deploy-verification', message: 'x' },
};
const LATE: DeploymentRecord = {
  ...FAILED,
  rollback: {
    trigger: 'SMOKE_FAILED',
    to: { version: '20261105.0', digest: `sha256:${'0'.repeat(64)}` },
    startedAt: '2026-11-23T10:00:00.000Z',
    restoredAt: '2026-11-23T10:00:05.300Z',
    within: 3_000,
    breachedAt: '2026-11-23T10:00:03.000Z',
    outcome: 'late',
  },
};
const KEPT: DemoOutcome = {
  records: [RECORD],
  requests: { sent: 100, failed: 0 },
  requestsByStep: [{ step: 'The catalog opens', sent: 100, failed: 0, mayFail: false }],
  verified: { 'staging/catalog/1': 'VALID' },
  signedBy: { 'staging/catalog/1': ['orchestrator-1', 'builder-1', 'deployer-1'] },
  instancesUnchanged: true,
};

describe('a step', () => {
  test.each([
    [RECORD, { result: 'completed', failure: null }, null],
    [FAILED, { result: 'rolled-back', failure: 'SMOKE_FAILED' }, null],
    [FAILED, { result: 'completed', failure: null }, 'expected completed, seen rolled-back (SMOKE_FAILED)'],
    [
      FAILED,
      { result: 'rolled-back', failure: 'HEALTH_FAILED' },
      'expected rolled-back (HEALTH_FAILED), seen rolled-back (SMOKE_FAILED)',
    ],
    [{ ...RECORD, result: null }, { result: 'completed', failure: null }, 'expected completed, seen no result'],
    [LATE, { result: 'rolled-back', failure: 'SMOKE_FAILED', rollback: 'late' }, null],
    [
      LATE,
      { result: 'rolled-back', failure: 'SMOKE_FAILED', rollback: 'restored' },
      'expected rolled-back (SMOKE_FAILED, restored), seen rolled-back (SMOKE_FAILED, late)',
    ],
    [
      RECORD,
      { result: 'completed', failure: null, rollback: 'restored' },
      'expected completed (restored), seen completed (no way back)',
    ],
  ] as const)('is held against what the story expects: %#', (record, expected, mismatch) => {
    expect(mismatchOf(record, expected)).toBe(mismatch);
  });
});

describe('a demo', () => {
  test('that shows all that it promises has nothing to say', () => {
    expect(brokenPromises(KEPT)).toEqual([]);
  });

  test('whose story lets requests fail while something bad is live breaks none by it', () => {
    const failing = [{ step: 'A bad one is live', sent: 60, failed: 5, mayFail: true }];
    expect(brokenPromises({ ...KEPT, requests: { sent: 160, failed: 5 }, requestsByStep: failing })).toEqual([]);
  });

  test.each([
    [
      { requestsByStep: [{ step: 'The catalog opens', sent: 100, failed: 2, mayFail: false }] },
      '2 of 100 requests failed in "The catalog opens"',
    ],
    [{ requests: { sent: 0, failed: 0 } }, 'no request was sent'],
    [{ verified: { 'staging/catalog/1': 'INVALID' } }, 'staging/catalog/1 is INVALID'],
    [{ records: [], verified: {} }, 'no record'],
    [{ instancesUnchanged: false }, 'instance folder'],
    [{ signedBy: { 'staging/catalog/1': ['builder-1', null] } }, 'staging/catalog/1 is not signed'],
  ] as const)('that breaks a promise says which: %j', (broken, sentence) => {
    expect(brokenPromises({ ...KEPT, ...broken })).toEqual([expect.stringContaining(sentence)]);
  });
});

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
const KEPT: DemoOutcome = {
  records: [RECORD],
  requests: { sent: 100, failed: 0 },
  verified: { 'staging/catalog/1': 'VALID' },
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
  ] as const)('is held against what the story expects: %#', (record, expected, mismatch) => {
    expect(mismatchOf(record, expected)).toBe(mismatch);
  });
});

describe('a demo', () => {
  test('that shows all that it promises has nothing to say', () => {
    expect(brokenPromises(KEPT)).toEqual([]);
  });

  test.each([
    [{ requests: { sent: 100, failed: 2 } }, '2 of 100 requests failed'],
    [{ requests: { sent: 0, failed: 0 } }, 'no request was sent'],
    [{ verified: { 'staging/catalog/1': 'INVALID' } }, 'staging/catalog/1 is INVALID'],
    [{ records: [], verified: {} }, 'no record'],
    [{ instancesUnchanged: false }, 'instance folder'],
  ] as const)('that breaks a promise says which: %j', (broken, sentence) => {
    expect(brokenPromises({ ...KEPT, ...broken })).toEqual([expect.stringContaining(sentence)]);
  });
});

import { describe, expect, test } from 'vitest';
import type { RestorationReport } from '../../src/contract/activities.ts';
import type { FailureCode } from '../../src/contract/failure.ts';
import {
  breachedRollback,
  recordedRollback,
  remarked,
  remarkOn,
  resultOf,
  type RollbackCourse,
} from '../../src/contract/outcome.ts';
import type { RecordedFailure, RecordedRollback, Result } from '../../src/contract/record.ts';
import type { Stage } from '../../src/contract/stages.ts';

const BEFORE = { version: 'v1', digest: `sha256:${'1'.repeat(64)}` } as const;
const IN_TIME: RollbackCourse = {
  trigger: 'SMOKE_FAILED',
  to: BEFORE,
  startedAt: 1_000,
  endedAt: 3_000,
  within: 5_000,
  restored: 'restored',
};

describe('what a rollback came to', () => {
  type Case = [string, Partial<RollbackCourse>, RecordedRollback['outcome'] | null];
  test.for<Case>([
    ['the version before was seen healthy within the bound', {}, 'restored'],
    ['it was seen healthy at the bound', { endedAt: 6_000 }, 'restored'],
    ['it was seen healthy after the bound', { endedAt: 6_001 }, 'late'],
    ['it was seen healthy at the bound, which had been told as passed', { endedAt: 6_000, breachedAt: 6_000 }, 'late'],
    ['there is no way back', { restored: 'left' }, 'failed'],
    ['a first deployment was taken out of service', { restored: 'removed', to: null }, 'removed'],
    ['a person took over', { restored: null }, 'failed'],
    ['the runtime had moved on', { restored: 'superseded' }, 'failed'],
    ['the runtime had never changed', { restored: 'unchanged' }, null],
    ['the deployment had completed first', { restored: 'recorded' }, null],
  ])('%s', ([, course, outcome]) => {
    expect(recordedRollback({ ...IN_TIME, ...course })?.outcome ?? null).toBe(outcome);
  });

  test("its times are the workflow's, and it names where it went back to", () => {
    expect(recordedRollback(IN_TIME)).toEqual({
      trigger: 'SMOKE_FAILED',
      to: BEFORE,
      startedAt: '1970-01-01T00:00:01.000Z',
      restoredAt: '1970-01-01T00:00:03.000Z',
      within: 5_000,
      breachedAt: null,
      data: null,
      outcome: 'restored',
    });
  });

  test('past its bound it is told as going on, with when the bound passed', () => {
    const { endedAt: _, restored: __, ...begun } = IN_TIME;
    expect(breachedRollback({ ...begun, breachedAt: 6_000 })).toMatchObject({
      outcome: 'restoring',
      breachedAt: '1970-01-01T00:00:06.000Z',
      restoredAt: null,
    });
  });

  test('it says how it was seen that no data was touched, unless nothing was restored', () => {
    const data = { how: 'not-written' } as const;
    expect(recordedRollback({ ...IN_TIME, data })?.data).toEqual(data);
    expect(recordedRollback({ ...IN_TIME, data, restored: null })?.data).toBeNull();
  });

  test('what was never seen healthy has no time at which it was', () => {
    expect(recordedRollback({ ...IN_TIME, restored: null })?.restoredAt).toBeNull();
  });
});

describe('how a deployment that did not complete has ended', () => {
  type Case = [FailureCode, Stage, RestorationReport['outcome'] | null | 'nothing to restore', Result];
  test.for<Case>([
    ['UNDOCUMENTED_CHANGE', 'change-intake', 'nothing to restore', 'rejected'],
    ['UNKNOWN_REVISION', 'change-intake', 'nothing to restore', 'rejected'],
    ['SOURCE_UNAVAILABLE', 'change-intake', 'nothing to restore', 'failed'],
    ['ABORTED', 'change-intake', 'nothing to restore', 'aborted'],
    ['BUILD_FAILED', 'build', 'nothing to restore', 'failed'],
    ['VERIFICATION_INCONCLUSIVE', 'verification', 'nothing to restore', 'failed'],
    ['PORT_TAKEN', 'deploy', 'unchanged', 'failed'],
    ['INSTANCE_DIED', 'deploy', 'restored', 'rolled-back'],
    ['SMOKE_FAILED', 'post-deploy-verification', 'restored', 'rolled-back'],
    ['SMOKE_FAILED', 'post-deploy-verification', 'removed', 'rolled-back'],
    ['RUNTIME_UNAVAILABLE', 'post-deploy-verification', 'restored', 'rolled-back'],
    ['DEPLOYMENT_TERMINATED', 'deploy', 'restored', 'rolled-back'],
    ['DEPLOYMENT_TERMINATED', 'build', 'unchanged', 'failed'],
    ['ABORTED', 'post-deploy-verification', 'restored', 'aborted'],
    ['ABORTED', 'deploy', 'unchanged', 'aborted'],
    ['ABORTED', 'post-deploy-verification', null, 'rollback-failed'],
    ['SMOKE_FAILED', 'post-deploy-verification', null, 'rollback-failed'],
    ['SMOKE_FAILED', 'post-deploy-verification', 'superseded', 'rollback-failed'],
    ['SMOKE_FAILED', 'post-deploy-verification', 'left', 'rollback-failed'],
  ])('%s in %s, and then %s: %s', ([code, stage, restored, result]) => {
    const failure: RecordedFailure = { code, clause: null, stage, message: 'so' };
    const rollback = restored === 'nothing to restore' ? null : recordedRollback({ ...IN_TIME, restored });
    expect(resultOf(failure, rollback)).toBe(result);
  });
});

describe('what the record says of the way back, beside what went wrong', () => {
  const failure: RecordedFailure = {
    code: 'SMOKE_FAILED',
    clause: '§10',
    stage: 'post-deploy-verification',
    message: 'no',
  };
  type Case = [RestorationReport['outcome'], string];
  test.for<Case>([
    ['removed', 'no (NO_KNOWN_HEALTHY_RELEASE: taken out of service again)'],
    ['superseded', 'no (the runtime has moved on under another generation: nothing was restored)'],
    ['left', 'no (there is no way back, as its change declares: it stays as it is, to be mended forward)'],
    ['restored', 'no'],
    ['unchanged', 'no'],
  ])('%s: %s', ([restored, message]) => {
    expect(remarked(failure, remarkOn(restored))).toEqual({ ...failure, message });
  });
});

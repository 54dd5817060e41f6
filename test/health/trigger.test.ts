import { describe, expect, test } from 'vitest';
import { FAILURES, type FailureCode } from '../../src/contract/failure.ts';
import { STAGES, type Stage } from '../../src/contract/stages.ts';
import { quarantines, type RollbackTrigger, triggerOf } from '../../src/contract/trigger.ts';
import { codeOfChecks, type LiveChecks } from '../../src/health/trigger.ts';

describe('the code of a post-deploy verification (§10)', () => {
  const passed: LiveChecks = { availability: 'pass', health: 'pass', smoke: 'pass', soak: 'pass' };
  const cases: [string, LiveChecks, FailureCode | null][] = [
    ['all checks passed', passed, null],
    ['nobody answers', { availability: 'fail', health: null, smoke: null, soak: null }, 'UNAVAILABLE'],
    ['the health endpoint says no', { ...passed, health: 'fail', smoke: null, soak: null }, 'HEALTH_FAILED'],
    ['a smoke test fails', { ...passed, smoke: 'fail', soak: null }, 'SMOKE_FAILED'],
    ['health degrades in the soak', { ...passed, soak: 'fail' }, 'HEALTH_DEGRADED'],
    ['the soak is inconclusive', { ...passed, soak: 'inconclusive' }, 'VERIFICATION_INCONCLUSIVE'],
    ['a check was not reached', { ...passed, soak: null }, 'VERIFICATION_INCONCLUSIVE'],
    ['a fail goes before what is inconclusive', { ...passed, health: 'inconclusive', smoke: 'fail' }, 'SMOKE_FAILED'],
  ];
  test.each(cases)('%s', (_, checks, code) => expect(codeOfChecks(checks)).toBe(code));
});

describe('the trigger of a rollback (§12)', () => {
  const cases: [FailureCode, Stage | null, RollbackTrigger][] = [
    ['INSTANCE_NEVER_READY', 'deploy', 'DEPLOY_FAILED'],
    ['RUNTIME_UNAVAILABLE', 'deploy', 'DEPLOY_FAILED'],
    ['UNAVAILABLE', 'post-deploy-verification', 'VERIFICATION_FAILED'],
    ['HEALTH_FAILED', 'post-deploy-verification', 'VERIFICATION_FAILED'],
    ['VERIFICATION_INCONCLUSIVE', 'post-deploy-verification', 'VERIFICATION_FAILED'],
    ['RUNTIME_UNAVAILABLE', 'post-deploy-verification', 'VERIFICATION_FAILED'],
    ['SMOKE_FAILED', 'post-deploy-verification', 'SMOKE_FAILED'],
    ['HEALTH_DEGRADED', 'post-deploy-verification', 'HEALTH_DEGRADED'],
    ['DEFINITION_OF_DONE_VIOLATED', 'completion', 'DEFINITION_OF_DONE_VIOLATED'],
    ['STORE_UNAVAILABLE', 'completion', 'DEFINITION_OF_DONE_VIOLATED'],
    ['ABORTED', 'deploy', 'ABORTED'],
    ['ABORTED', 'completion', 'ABORTED'],
    ['DEPLOYMENT_TERMINATED', null, 'DEPLOYMENT_TERMINATED'],
    ['DEPLOYMENT_TERMINATED', 'post-deploy-verification', 'DEPLOYMENT_TERMINATED'],
  ];
  test.each(cases)('%s in %s is %s', (code, stage, trigger) => expect(triggerOf({ code, stage })).toBe(trigger));
});

describe('a digest is quarantined', () => {
  test('exactly where health, smoke tests or the Definition of Done said no to it while it was live', () => {
    const codes = Object.keys(FAILURES) as FailureCode[];
    const places = [...STAGES, null].flatMap((stage) => codes.map((code) => ({ code, stage })));
    expect(places.filter(({ code, stage }) => quarantines(code, stage))).toEqual([
      { code: 'UNAVAILABLE', stage: 'post-deploy-verification' },
      { code: 'HEALTH_FAILED', stage: 'post-deploy-verification' },
      { code: 'SMOKE_FAILED', stage: 'post-deploy-verification' },
      { code: 'HEALTH_DEGRADED', stage: 'post-deploy-verification' },
      { code: 'DEFINITION_OF_DONE_VIOLATED', stage: 'completion' },
    ]);
  });

  test.each(['ABORTED', 'DEPLOYMENT_TERMINATED', 'RUNTIME_UNAVAILABLE', 'VERIFICATION_INCONCLUSIVE'] as const)(
    'never for %s',
    (code) => expect(STAGES.some((stage) => quarantines(code, stage))).toBe(false),
  );
});

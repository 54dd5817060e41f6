import type { FailureCode } from './failure.ts';
import type { Stage } from './stages.ts';

/** Why a rollback was begun: the conditions of §12, and what else leaves a changed runtime behind. */
export type RollbackTrigger =
  | 'VERIFICATION_FAILED'
  | 'SMOKE_FAILED'
  | 'HEALTH_DEGRADED'
  | 'DEFINITION_OF_DONE_VIOLATED'
  | 'DEPLOY_FAILED'
  | 'ABORTED'
  | 'DEPLOYMENT_TERMINATED';

/** What went wrong, and in which stage; null where the stage is not known. A `RecordedFailure` is one. */
export interface FailedAt {
  readonly code: FailureCode;
  readonly stage: Stage | null;
}

/**
 * The trigger that a failure pulls (§12). To be asked only when the runtime was changed: a failure of a stage before
 * Deploy has nothing to roll back, and reads as `DEPLOY_FAILED`.
 */
export function triggerOf({ code, stage }: FailedAt): RollbackTrigger {
  if (code === 'DEPLOYMENT_TERMINATED') return 'DEPLOYMENT_TERMINATED';
  if (code === 'ABORTED') return 'ABORTED';
  if (stage === 'completion') return 'DEFINITION_OF_DONE_VIOLATED';
  if (stage !== 'post-deploy-verification') return 'DEPLOY_FAILED';
  return code === 'SMOKE_FAILED' || code === 'HEALTH_DEGRADED' ? code : 'VERIFICATION_FAILED';
}

/** The codes by which a stage says no to the live release itself. */
const SAYS_NO: Partial<Record<Stage, readonly FailureCode[]>> = {
  'post-deploy-verification': ['UNAVAILABLE', 'HEALTH_FAILED', 'SMOKE_FAILED', 'HEALTH_DEGRADED'],
  completion: ['DEFINITION_OF_DONE_VIOLATED'],
};

/**
 * Whether the digest is quarantined after the rollback: only when health, smoke tests or the Definition of Done said no
 * where it was live. Aborts, terminations, inconclusive verdicts and our own errors never count against a digest.
 */
export function quarantines(code: FailureCode, stage: Stage | null): boolean {
  return stage !== null && (SAYS_NO[stage]?.includes(code) ?? false);
}

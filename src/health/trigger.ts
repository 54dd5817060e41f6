import type { FailureCode } from '../contract/failure.ts';
import type { Verdict } from './verdict.ts';

/** The checks of post-deploy verification in their order (§10), and the code that each fails with. */
const CODE_OF_CHECK = {
  availability: 'UNAVAILABLE',
  health: 'HEALTH_FAILED',
  smoke: 'SMOKE_FAILED',
  soak: 'HEALTH_DEGRADED',
} as const satisfies Record<string, FailureCode>;

export type LiveCheck = keyof typeof CODE_OF_CHECK;

/** What each check came to; null where it was not reached. */
export type LiveChecks = Readonly<Record<LiveCheck, Verdict | null>>;

/**
 * The code that a post-deploy verification fails with, or null when every check passed. The first check that failed
 * names it; without one, whatever is inconclusive or was not reached is missing data, and no pass.
 */
export function codeOfChecks(checks: LiveChecks): FailureCode | null {
  const names = Object.keys(CODE_OF_CHECK) as LiveCheck[];
  const failed = names.find((name) => checks[name] === 'fail');
  if (failed !== undefined) return CODE_OF_CHECK[failed];
  return names.every((name) => checks[name] === 'pass') ? null : 'VERIFICATION_INCONCLUSIVE';
}

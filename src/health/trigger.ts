import type { FailureCode } from '../contract/failure.ts';
import type { Verdict } from './judgement.ts';

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

/** The checks, in their order. */
export const LIVE_CHECKS = Object.keys(CODE_OF_CHECK) as readonly LiveCheck[];

/**
 * The code that a post-deploy verification fails with, or null when every check passed that was `asked` for: all, unless
 * it is said. The first check that failed names it; without one, whatever is inconclusive or was not reached is missing
 * data, and no pass.
 */
export function codeOfChecks(checks: LiveChecks, asked: readonly LiveCheck[] = LIVE_CHECKS): FailureCode | null {
  const failed = asked.find((name) => checks[name] === 'fail');
  if (failed !== undefined) return CODE_OF_CHECK[failed];
  return asked.every((name) => checks[name] === 'pass') ? null : 'VERIFICATION_INCONCLUSIVE';
}

import { SlipwayError } from '../contract/failure.ts';
import type { RuntimeState } from '../contract/activities.ts';
import { expectedState, isSameState } from '../contract/sealed-record.ts';
import { formatTarget, type Target } from '../contract/target.ts';
import type { StandingRecord } from './record.ts';

export { expectedState } from '../contract/sealed-record.ts';

/**
 * A deployment goes from one *known* version to another (§2): the runtime has to show what the newest record left there.
 * A rollback is the way out of every other state.
 * @param observed null when the runtime cannot be asked: then only the record is judged
 * @throws UNKNOWN_RUNTIME_STATE
 */
export function refuseUnknownState(
  target: Target,
  newest: StandingRecord | undefined,
  observed: RuntimeState | null,
): void {
  const advice = `return to a known release with slipway rollback ${formatTarget(target)}`;
  const expected = expectedState(newest);
  if (expected === null) {
    throw new SlipwayError(
      'UNKNOWN_RUNTIME_STATE',
      `${newest?.record.deploymentId} left the runtime to a person: ${advice}`,
    );
  }
  if (observed === null || isSameState(expected, observed)) return;
  throw new SlipwayError(
    'UNKNOWN_RUNTIME_STATE',
    `the runtime shows ${observed.live?.version ?? 'nothing'} at generation ${observed.generation}; the newest record left ` +
      `${expected.live?.version ?? 'nothing'} at ${expected.generation}: a hand was at it (§15); ${advice}`,
  );
}

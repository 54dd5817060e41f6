import type { Clause } from '../contract/failure.ts';
import type { Verdict } from '../health/verdict.ts';

/** One thing that a verifier looked at. It becomes evidence: never contents, never secrets. */
export interface Finding {
  /** The verifier's id and what of it, such as `integration/health`. */
  readonly rule: string;
  readonly verdict: Verdict;
  /** Where a person looks: a file, a key of `slipway.yaml`, a digest. */
  readonly place: string;
  readonly clause: Clause;
  /** What was found, and unless it is a pass, what was expected. */
  readonly message: string;
}

/** Something on our own side kept a verifier from telling. What is not thrown as this is thrown on, and retried. */
export class Inconclusive extends Error {
  override readonly name = 'Inconclusive';
}

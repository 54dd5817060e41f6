import type { Digest } from './digest.ts';
import type { Receiver } from './event.ts';

/** A live release that is to be watched after its completion (§12: system health degrades post-deploy). */
export interface WatchDuty {
  readonly deploymentId: string;
  /** ISO 8601; when nobody watches it any more. */
  readonly until: string;
}

/** How a watch ended. */
export interface WatchReport {
  readonly deploymentId: string;
  /**
   * - `held`       it was well, as far as could be told, until the time was over;
   * - `degraded`   it got worse; sealed evidence says how;
   * - `overtaken`  another release is live.
   */
  readonly outcome: 'held' | 'degraded' | 'overtaken';
  /** What was seen, in words. */
  readonly reason: string;
  /** The sealed verdict; null unless it degraded. */
  readonly evidence: Digest | null;
  /** Whether there is a release to return to; asked only of one that degraded. */
  readonly hasWayBack?: boolean;
  /** Who is told, where anybody is. */
  readonly receivers?: readonly Receiver[];
}

/** Why a lane itself orders a rollback: the deployment whose release degraded, and the sealed verdict. */
export interface Degradation {
  readonly deploymentId: string;
  readonly evidence: Digest;
}

/** The predicate of the evidence that a release degraded after its completion (§12). */
export interface DegradationPredicate {
  readonly deploymentId: string;
  readonly digest: Digest;
  /** The watching activity's clock. @format date-time */
  readonly startedAt: string;
  /** @format date-time */
  readonly finishedAt: string;
  /** The verdict, and the samples that it follows from. */
  readonly verdict: unknown;
}

/** Missing data is `inconclusive`, never a pass. */
export type Verdict = 'pass' | 'fail' | 'inconclusive';

/** A verdict and what led to it, for people. */
export interface Judgement {
  readonly verdict: Verdict;
  readonly reason: string;
}

/** One of the judgements that a soak is made of. */
export interface Part extends Judgement {
  /** Inconclusive by our own doing: at the ceiling, that is not held against the release. */
  readonly ours?: boolean;
  /** Answers to our own asking would help: up to the floor of samples, or beyond it. */
  readonly wants?: 'floor' | 'more';
}

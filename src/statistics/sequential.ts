/**
 * Wald's sequential probability ratio test (1945) of a rate of errors: `good` is a rate that is to pass, `bad` one that
 * is to fail. It may be asked after every answer, and is still wrong no more often than `alpha` (fails what is good) and
 * `beta` (passes what is bad) say.
 */
export interface SequentialTest {
  readonly good: number;
  readonly bad: number;
  readonly alpha: number;
  readonly beta: number;
}

/** By how much the answers speak for `bad` over `good`: the logarithm of the ratio of their likelihoods. */
export function evidenceAgainst(test: SequentialTest, errors: number, answers: number): number {
  const { error, clean } = weights(test);
  return weighed(errors, error) + weighed(answers - errors, clean);
}

/** At this evidence, or more, it fails. */
export function failsFrom({ alpha, beta }: SequentialTest): number {
  return Math.log((1 - beta) / alpha);
}

/** At this evidence, or less, it passes. */
export function passesFrom({ alpha, beta }: SequentialTest): number {
  return Math.log(beta / (1 - alpha));
}

/** How many answers without an error it takes to pass. */
export function cleanAnswersToPass(test: SequentialTest): number {
  return Math.max(1, Math.ceil(passesFrom(test) / weights(test).clean));
}

/**
 * The chance that it has failed within so many answers of a given rate, asked after each: exact, by carrying on the
 * chances of each number of errors that has not failed yet.
 */
export function chanceOfFailing(test: SequentialTest, rate: number, answers: number): number {
  const { error, clean } = weights(test);
  let alive = [1];
  let failed = 0;
  for (let n = 1; n <= answers; n++) {
    const next: number[] = [];
    for (let errors = 0; errors <= alive.length; errors++) {
      const chance = (alive[errors] ?? 0) * (1 - rate) + (alive[errors - 1] ?? 0) * rate;
      const fails = weighed(errors, error) + weighed(n - errors, clean) >= failsFrom(test);
      if (fails) failed += chance;
      next.push(fails ? 0 : chance);
    }
    // Numbers of errors that nobody will see are let go: a soak of 100,000 answers is reckoned in a moment.
    while (next.length > 1 && (next.at(-1) ?? 0) < 1e-15) next.pop();
    alive = next;
  }
  return failed;
}

function weights({ good, bad }: SequentialTest): { readonly error: number; readonly clean: number } {
  return { error: Math.log(bad / good), clean: Math.log1p(-bad) - Math.log1p(-good) };
}

/** A bad rate of 100 % makes one clean answer weigh without end; none of them still weighs nothing. */
function weighed(count: number, weight: number): number {
  return count === 0 ? 0 : count * weight;
}

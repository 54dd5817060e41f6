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

/** What has become of a release by then, each with its chance; the rest goes on. */
export interface Chances {
  readonly failed: number;
  readonly passed: number;
}

/**
 * What becomes of a release with a given rate of errors when it is asked after each of so many answers whether it fails,
 * and after the last one whether it passes: exact, by carrying on the chances of each number of errors that has not
 * failed yet.
 */
export function chancesAfter(
  test: SequentialTest,
  rate: number,
  answers: number,
  passes: (errors: number) => boolean,
): Chances {
  let alive = [1];
  let fewest = 0;
  let failed = 0;
  for (let n = 1; n <= answers && alive.length > 0; n++) {
    const next: number[] = [];
    const tooMany = errorsToFail(test, n);
    for (let index = 0; index <= alive.length; index++) {
      const chance = (alive[index] ?? 0) * (1 - rate) + (alive[index - 1] ?? 0) * rate;
      if (fewest + index >= tooMany) failed += chance;
      else next.push(chance);
    }
    // Numbers of errors that nobody will see are let go: a soak of 100,000 answers is reckoned in a moment.
    while (next.length > 0 && (next.at(-1) ?? 0) < NEVER) next.pop();
    const likely = next.findIndex((chance) => chance >= NEVER);
    fewest += Math.max(0, likely);
    alive = next.slice(Math.max(0, likely));
  }
  const passed = alive.reduce((sum, chance, index) => (passes(fewest + index) ? sum + chance : sum), 0);
  return { failed, passed };
}

const NEVER = 1e-15;

/** How many of the answers have to be errors for it to fail. */
function errorsToFail(test: SequentialTest, answers: number): number {
  const { error, clean } = weights(test);
  // Where the bad rate is 100 %, a single clean answer proves that it is not that.
  if (clean === -Infinity) return answers * error >= failsFrom(test) ? answers : Infinity;
  return Math.ceil((failsFrom(test) - answers * clean) / (error - clean));
}

function weights({ good, bad }: SequentialTest): { readonly error: number; readonly clean: number } {
  return { error: Math.log(bad / good), clean: Math.log1p(-bad) - Math.log1p(-good) };
}

/** A bad rate of 100 % makes one clean answer weigh without end; none of them still weighs nothing. */
function weighed(count: number, weight: number): number {
  return count === 0 ? 0 : count * weight;
}

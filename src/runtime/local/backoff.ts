/** When a thing that keeps ending may be started again. Milliseconds. */
export interface Backoff {
  due(): boolean;
  /** It was tried: the next time is later, unless the last one was long ago. */
  count(): void;
}

const FIRST = 200;
const LONGEST = 10_000;
/** After this long without a trial, the next counts as the first again. */
const CALM = 30_000;

export function createBackoff(now: () => number = Date.now): Backoff {
  let pause = 0;
  let next = 0;
  return {
    due: () => now() >= next,
    count() {
      pause = pause === 0 || now() - next > CALM ? FIRST : Math.min(pause * 2, LONGEST);
      next = now() + pause;
    },
  };
}

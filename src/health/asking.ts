import type { Clock } from './clock.ts';

/** Asks between two looks, so that the runtime counts as many answers as the floor of samples asks for. */
export interface Asking {
  /** Waits until `until`, on the clock, and asks meanwhile as often as is wanted. */
  readonly passTime: (until: number) => Promise<void>;
  /** How often: as the floor needs it, now and then for what is not told yet, or not at all. */
  want(wanted: 'floor' | 'more' | null): void;
  /** Ends it, and whatever is still asked. */
  readonly stop: () => Promise<void>;
}

export interface AskingOptions {
  readonly ask: (signal: AbortSignal) => Promise<unknown>;
  /** Milliseconds from one question to the next, for the floor. */
  readonly pace: number;
  /** Questions for the floor from one look to the next: it needs no more than it is high. */
  readonly most: number;
  /** Done once, at a moment on the clock. */
  readonly once: { readonly at: number; readonly do: () => Promise<void> };
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
}

/** Milliseconds. More often than this is load, not a look; and for what is not told yet, this is often enough. */
const FASTEST = 10;
const UNHURRIED = 50;
/** Questions at once: a release that answers slowly is still asked as often as it has to be. */
const AT_ONCE = 32;

/** The runtime counts the answer; a question that was cut short, because it is all over, has none. */
const forget = (): void => {};

export function createAsking({ ask, pace, most, once, clock, signal }: AskingOptions): Asking {
  const over = new AbortController();
  const asked = new Set<Promise<void>>();
  let interval: number | null = Math.max(FASTEST, pace);
  let next = clock.now() + interval;
  let left = most;
  let isDone = false;

  const askOnce = (): void => {
    const question = ask(over.signal).then(forget, forget);
    asked.add(question);
    void question.then(() => asked.delete(question));
  };

  return {
    passTime: async (until) => {
      for (;;) {
        signal?.throwIfAborted();
        const now = clock.now();
        if (!isDone && now >= once.at) {
          isDone = true;
          await once.do();
        } else if (now >= until) {
          return;
        } else if (interval !== null && left > 0 && now >= next) {
          // What was missed is caught up with, but never faster than the fastest.
          next = Math.max(next + interval, now + FASTEST);
          askOnce();
          left -= 1;
          if (asked.size >= AT_ONCE) await Promise.race(asked);
        } else {
          const moments = [until, isDone ? Infinity : once.at, interval === null || left <= 0 ? Infinity : next];
          await clock.wait(Math.max(0, Math.min(...moments) - now), signal);
        }
      }
    },
    want: (wanted) => {
      left = wanted === 'floor' ? most : Infinity;
      const wished = wanted === null ? null : Math.max(FASTEST, wanted === 'floor' ? pace : UNHURRIED);
      if (wished === interval) return;
      interval = wished;
      next = clock.now() + (wished ?? 0);
    },
    stop: async () => {
      over.abort();
      await Promise.all(asked);
    },
  };
}

import { setTimeout as sleep } from 'node:timers/promises';

/** Time, passed in so that a soak of hours is tested in a moment. */
export interface Clock {
  /** The wall clock, ISO 8601: what is written down. It may jump, so nothing is judged by it. */
  date(): string;
  /** Milliseconds on a clock that only goes forward: what is judged. */
  now(): number;
  /** Resolves after `milliseconds`; rejects with the signal's reason when that aborts first. */
  wait(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  date: () => new Date().toISOString(),
  now: () => performance.now(),
  wait: async (milliseconds, signal) => {
    try {
      await sleep(milliseconds, undefined, signal === undefined ? {} : { signal });
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    }
  },
};

import type { Clock } from '../../src/health/clock.ts';

/** A clock that stands still but for its waits, which take no time: hours pass in a moment. */
export function scriptedClock(): Clock & { advance(milliseconds: number): void } {
  let now = 0;
  return {
    now: () => now,
    date: () => new Date(Date.UTC(2026, 10, 23) + now).toISOString(),
    wait: async (milliseconds, signal) => {
      signal?.throwIfAborted();
      now += milliseconds;
    },
    advance: (milliseconds) => {
      now += milliseconds;
    },
  };
}

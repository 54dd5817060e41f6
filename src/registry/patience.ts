import { setTimeout as sleep } from 'node:timers/promises';
import { isFault } from './fault.ts';

/** How long we put up with a registry. */
export interface Patience {
  /** Tries in all, without anything having come of them. */
  readonly tries: number;
  /** Milliseconds before the second try; twice as many before each one after it, give or take a half. */
  readonly pause: number;
  /** Milliseconds without one byte, in either direction, after which an answer is given up. */
  readonly idle: number;
}

export const PATIENCE: Patience = { tries: 5, pause: 200, idle: 30_000 };

/** A registry may ask us to wait, but not for longer than this: Temporal can wait better than we. */
const LONGEST_PAUSE = 20_000;

/** Does `work` again as long as the registry is merely away. */
export async function persistently<T>(patience: Patience, work: () => Promise<T>): Promise<T> {
  for (let failed = 1; ; failed += 1) {
    try {
      return await work();
    } catch (error) {
      await giveUpOrPause(error, failed, patience);
    }
  }
}

/** After the `failed`-th failure in a row: waits for the next try, or throws the error on. */
export async function giveUpOrPause(error: unknown, failed: number, { tries, pause }: Patience): Promise<void> {
  if (!isFault(error, 'away') || failed >= tries || error.status === INSUFFICIENT_STORAGE) throw error;
  const own = pause * 2 ** (failed - 1) * (0.5 + Math.random());
  await sleep(Math.min(Math.max(own, error.retryAfter ?? 0), LONGEST_PAUSE));
}

/** No room on the registry's side: a person makes some, not the next second. */
const INSUFFICIENT_STORAGE = 507;

import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { SlipwayError } from '../contract/failure.ts';

/** Milliseconds that work which heeds a signal is given to end by itself. */
const GRACE = 3_000;

/** What `work` comes to, which ends with the signal. @throws ABORTED in place of what it throws then */
export async function interruptible<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    if (!signal.aborted) throw cause;
    throw new SlipwayError('ABORTED', 'the demo was interrupted before all was told; what it had started was stopped', {
      cause,
    });
  }
}

/** What `work` comes to; once the signal is aborted, it is waited for no longer than a moment. */
export async function endingWith<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const late = until(signal)
    .then(() => delay(GRACE, undefined, { ref: false }))
    .then(() => Promise.reject(signal.reason as Error));
  return await Promise.race([work, late]);
}

/** Resolves when the signal is aborted. */
export async function until(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}

import { setTimeout as delay } from 'node:timers/promises';
import { codeOf } from '../contract/failure.ts';
import type { Executions } from './executions.ts';

/** Milliseconds between two looks, at most. */
const PAUSE = 2_000;

/**
 * Waits until operators can find a deployment in Temporal (§11), without a bound: visibility that lags, or does not
 * answer, is nobody's fault, and never a reason to roll back.
 * @param signal ends the waiting, with its reason
 * @returns when it was seen
 */
export async function untilVisible(
  executions: Pick<Executions, 'isVisible'>,
  deploymentId: string,
  signal: AbortSignal,
): Promise<string> {
  for (let pause = 20; ; pause = Math.min(pause * 2, PAUSE)) {
    if (await isSeen(executions, deploymentId)) return new Date().toISOString();
    await delay(pause, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

async function isSeen(executions: Pick<Executions, 'isVisible'>, deploymentId: string): Promise<boolean> {
  try {
    return await executions.isVisible(deploymentId);
  } catch (error) {
    if (codeOf(error) === 'TEMPORAL_UNAVAILABLE') return false;
    throw error;
  }
}

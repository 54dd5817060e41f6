import { setTimeout as delay } from 'node:timers/promises';
import { request } from 'undici';
import { readEvidence } from '../src/records/evidence.ts';
import { askAgainAndAgain } from './asking.ts';
import type { BenchPlatform } from './platform.ts';
import { FAULTS, HEALTH, type Fault } from './shop.ts';

/** Milliseconds within which a fault has to be known, as the component declares it: failures x interval + time-out. */
export const BOUND = HEALTH.failures * HEALTH.interval + HEALTH.timeout;

export type MeasuredFaults = Readonly<Record<Fault, readonly number[]>>;

/**
 * Puts versions live that go wrong during the soak, and measures how long it takes from the fault to the verdict. The
 * faults come evenly spread over the interval of the health checks, so the worst moment is among them.
 */
export async function measureFaults(
  platform: BenchPlatform,
  rounds: number,
  report: (line: string) => void,
): Promise<MeasuredFaults> {
  const measured: Record<Fault, number[]> = { error: [], hang: [], exit: [] };
  for (let round = 0; round < rounds; round++) {
    for (const fault of FAULTS) {
      const phase = ((round + 0.5) / rounds) * HEALTH.interval;
      const took = await measure(fault, `${fault} ${round + 1}`, phase);
      report(`${fault}, round ${round + 1} of ${rounds}: verdict after ${took} ms`);
      measured[fault].push(took);
    }
  }
  return measured;

  async function measure(fault: Fault, text: string, phase: number): Promise<number> {
    const address = await platform.address();
    const version = await platform.shop.version({ text, passes: true });
    const asking = askAgainAndAgain(address);
    const ended = platform.follow(await platform.order(version));
    const isSoaking = asking.until(({ page }) => page?.text === text && page.smokedAt !== null);
    const early = await Promise.race([isSoaking.then(() => null), ended]);
    await asking.stop();
    if (early !== null) throw new Error(`"${text}" ended before its soak: ${early.failure?.message ?? early.result}`);
    await delay(HEALTH.interval + phase);
    const { body } = await request(`${address}/fault/${fault}`);
    const since = Number(await body.text());

    const { deploymentId, failure } = await ended;
    const evidence = deploymentId && (await readEvidence(platform.store, deploymentId, 'post-deploy-verification'));
    if (!evidence || evidence.predicate.failure?.code !== 'HEALTH_DEGRADED') {
      throw new Error(`expected the soak of "${text}" to fail, found ${failure?.message ?? 'no failure'}`);
    }
    return Date.parse(evidence.predicate.finishedAt) - since;
  }
}

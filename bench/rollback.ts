import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { deploymentWorkflowId, parseDeploymentId } from '../src/contract/target.ts';
import { readEvidence } from '../src/records/evidence.ts';
import { nameOf } from '../src/records/names.ts';
import { readClaim } from '../src/records/record.ts';
import { askAgainAndAgain } from './asking.ts';
import { openFloor, type Floor } from './floor.ts';
import type { BenchPlatform } from './platform.ts';
import type { Stored } from './stored.ts';
import { timesOf } from './times.ts';
import { marksOf, stepsBetween, type Noted, type Step } from './way.ts';

/** One way back. */
export interface WayBack {
  /** From the failed verdict to the first answer of the old version after the last of the bad one, milliseconds. */
  readonly took: number;
  readonly steps: readonly Step[];
  /** Requests that the client sent while the bad version was live and on the way back, and those that got no page. */
  readonly requests: { readonly sent: number; readonly failed: number };
}

export interface MeasuredRollbacks {
  /** Taken in pairs: the way back through Slipway, and the floor right after it. */
  readonly pairs: readonly { readonly slipway: WayBack; readonly floor: Floor }[];
}

/** Rounds that are run first, and not counted. */
const WARM_UP = 2;

/**
 * Puts a version live that fails its smoke test there, again and again, and measures the way back to `good`, which is
 * live; after each, the bare floor of it on the same server and the same runtime. A client asks all the while.
 */
export async function measureRollbacks(
  platform: BenchPlatform,
  good: Stored,
  rounds: number,
  report: (line: string) => void,
): Promise<MeasuredRollbacks> {
  const { shop, store, storeFolder, client } = platform;
  const floor = await openFloor(platform);
  const address = await platform.address();
  const pairs = [];
  try {
    for (let round = -WARM_UP; round < rounds; round++) {
      const { slipway, bad } = await throughSlipway(`bad ${round + WARM_UP + 1}`);
      const roundTrip = await asked(() => floor.roundTrip(good));
      const switched = await floor.switched(good, bad);
      const bare = `${Math.round(roundTrip.took)} + ${switched} ms bare`;
      report(`${round < 0 ? 'warm-up' : `round ${round + 1} of ${rounds}`}: ${slipway.took} ms back, ${bare}`);
      if (round >= 0) pairs.push({ slipway, floor: { roundTrip, switched } });
    }
  } finally {
    await floor.close();
  }
  return { pairs };

  async function throughSlipway(text: string): Promise<{ readonly slipway: WayBack; readonly bad: Stored }> {
    const version = await shop.version({ text, passes: false });
    const asking = askAgainAndAgain(address);
    const record = await platform.follow(await platform.order(version));
    const answers = await asking.stop();
    const { deploymentId, artifact, failure } = record;
    if (deploymentId === null || artifact === null || failure?.code !== 'SMOKE_FAILED') {
      throw new Error(`expected the smoke test of "${text}" to fail, found ${failure?.message ?? record.result}`);
    }
    const last = answers.findLastIndex(({ page }) => page?.text === text);
    const first = answers.slice(last).find(({ page }) => page?.text === good.text);
    if (last === -1 || first === undefined) throw new Error(`no client saw "${text}" come and go`);
    const begun = answers.findIndex(({ page }) => page?.text === text);
    const live = answers.slice(begun, answers.indexOf(first) + 1);

    const noted: Noted = { ...(await inStore(deploymentId)), smoked: smokedAt(live), answered: first.at };
    const events = timesOf(await client.workflow.getHandle(workflowIdOf(deploymentId)).fetchHistory());
    const steps = stepsBetween(marksOf(events, noted));
    const requests = { sent: live.length, failed: live.filter(({ page }) => page === null).length };
    return { slipway: { took: first.at - noted.verdict, steps, requests }, bad: { text, release: artifact } };
  }

  /** The client's load is part of what is measured, so it is there for both of a pair. */
  async function asked<T>(act: () => Promise<T>): Promise<T> {
    const asking = askAgainAndAgain(address);
    try {
      return await act();
    } finally {
      await asking.stop();
    }
  }

  async function inStore(deploymentId: string): Promise<Omit<Noted, 'smoked' | 'answered'>> {
    const evidence = await readEvidence(store, deploymentId, 'post-deploy-verification');
    if (evidence === null) throw new Error(`${deploymentId} has no evidence of its verification`);
    const claim = await readClaim(store, deploymentId);
    return {
      verdict: Date.parse(evidence.predicate.finishedAt),
      sealed: await namedAt(nameOf.evidence(deploymentId, 'post-deploy-verification')),
      claiming: claim && Date.parse(claim.at),
      claimed: claim && (await namedAt(nameOf.outcome(deploymentId))),
    };
  }

  /** A name is a link that is never touched again: the change of its inode is the moment it was given. */
  async function namedAt(name: string): Promise<number> {
    return (await stat(join(storeFolder, store.component, 'refs', name))).ctimeMs;
  }
}

function smokedAt(answers: readonly { readonly page: { readonly smokedAt: number | null } | null }[]): number | null {
  return answers.find(({ page }) => (page?.smokedAt ?? null) !== null)?.page?.smokedAt ?? null;
}

function workflowIdOf(deploymentId: string): string {
  const parsed = parseDeploymentId(deploymentId);
  if (parsed === null) throw new Error(`${deploymentId} is no deployment id`);
  return deploymentWorkflowId(parsed, parsed.n);
}

import { verifyImage } from '../artifacts/image.ts';
import type { ArtifactStore, ComponentStore } from '../artifacts/store.ts';
import type { Chain, Fault } from '../contract/chain.ts';
import { faultOf, type Dossier } from '../contract/checker.ts';
import { SlipwayError } from '../contract/failure.ts';
import type { ReleaseRef } from '../contract/release.ts';
import { STAGES } from '../contract/stages.ts';
import { formatDeploymentId, type Target } from '../contract/target.ts';
import { readActs } from './acts.ts';
import { readEvidence } from './evidence.ts';
import { standingImage } from './image.ts';
import { deploymentBefore, deploymentOf } from './names.ts';
import { readRecord, type StandingRecord } from './record.ts';
import { recordedNumbers } from './target.ts';

/** What the checker says of one deployment; clause and reason are null exactly when it is VALID. */
export interface Verification {
  readonly id: string;
  readonly verdict: 'VALID' | 'INVALID';
  readonly clause: string | null;
  readonly reason: string | null;
}

/**
 * Checks a finished deployment from the store alone: no server, and nothing that the pipeline said about itself.
 * @throws UNKNOWN_DEPLOYMENT when the store has never heard of it
 */
export async function verifyDeployment(artifacts: ArtifactStore, deploymentId: string): Promise<Verification> {
  const fault = await findFault(artifacts, deploymentId);
  const { clause, reason } = fault ?? { clause: null, reason: null };
  return { id: deploymentId, verdict: fault === null ? 'VALID' : 'INVALID', clause, reason };
}

async function findFault(artifacts: ArtifactStore, deploymentId: string): Promise<Fault | null> {
  try {
    return faultOf(await gather(artifacts, deploymentId));
  } catch (error) {
    if (!(error instanceof SlipwayError) || error.clause === null || error.code === 'UNKNOWN_DEPLOYMENT') throw error;
    return { clause: error.clause, reason: error.message };
  }
}

async function gather(artifacts: ArtifactStore, deploymentId: string): Promise<Dossier> {
  const { n, ...target } = deploymentOf(deploymentId);
  const store = artifacts.component(target.component);
  const recorded = await recordedNumbers(store, target);
  const sealed = await readRecord(store, deploymentId);
  if (sealed === null) throw unknown(deploymentId, recorded.at(-1) ?? 0, n);
  const before = deploymentBefore(deploymentId);
  return {
    deploymentId,
    n,
    sealed,
    recorded,
    chain: await readChain(store, deploymentId),
    before: before === null ? null : ((await readRecord(store, before))?.digest ?? null),
    whileLive: await readWhileLive(store, target, sealed, recorded.filter((number) => number > n)),
    artifactFault: sealed.record.artifact && (await artifactFault(store, sealed.record.artifact)),
    actsFault: await actsFault(store, target, deploymentId),
  };
}

/** A record that others come after is missing (§14); one that nothing points at was never there. */
function unknown(deploymentId: string, newest: number, n: number): SlipwayError {
  return n < newest
    ? new SlipwayError('UNTRUSTED_EVIDENCE', `the record of ${deploymentId} is missing, though later ones are there (§14)`)
    : new SlipwayError('UNKNOWN_DEPLOYMENT', `the store has no record of ${deploymentId}: it runs still, or never was; see slipway history`);
}

async function readChain(store: ComponentStore, deploymentId: string): Promise<Chain> {
  const links = await Promise.all(STAGES.map(async (stage) => [stage, await readEvidence(store, deploymentId, stage)] as const));
  return Object.fromEntries(links.filter(([, link]) => link !== null)) as Chain;
}

/** The records after this one, up to and with the first that changed what is live. */
async function readWhileLive(
  store: ComponentStore,
  target: Target,
  own: StandingRecord,
  later: readonly number[],
): Promise<StandingRecord[]> {
  const records: StandingRecord[] = [];
  for (const n of later) {
    const record = await readRecord(store, formatDeploymentId(target, n));
    if (record === null) continue;
    records.push(record);
    if (record.after?.live?.deploymentId !== own.record.deploymentId) break;
  }
  return records;
}

async function artifactFault(store: ComponentStore, release: ReleaseRef): Promise<string | null> {
  try {
    await standingImage(store, release);
    await verifyImage(store, release.digest);
    return null;
  } catch (error) {
    if (error instanceof SlipwayError && error.fault !== 'platform') return error.message;
    throw error;
  }
}

/** Change intake named the newest act that it saw: none up to that one may be missing, or be another. */
async function actsFault(store: ComponentStore, target: Target, deploymentId: string): Promise<string | null> {
  const lane = (await readEvidence(store, deploymentId, 'change-intake'))?.predicate.findings?.lane;
  if (!lane || lane.acts === 0) return null;
  const acts = await readActs(store, target);
  for (let number = 1; number <= lane.acts; number += 1) {
    const act = acts.find((candidate) => candidate.number === number);
    if (act === undefined) return `act ${number} of the target's chain is missing`;
    if (act.previous !== (acts.find((candidate) => candidate.number === number - 1)?.digest ?? null)) {
      return `act ${number} of the target's chain does not name the one before it`;
    }
  }
  const last = acts.find(({ number }) => number === lane.acts);
  return last?.digest === lane.last ? null : `act ${lane.acts} of the target's chain is not the one that change intake saw`;
}

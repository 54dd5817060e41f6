import { verifyImage } from '../artifacts/image.ts';
import type { ArtifactStore, ComponentStore } from '../artifacts/store.ts';
import type { Chain, Fault } from '../contract/chain.ts';
import type { Dossier, Successor } from '../contract/dossier.ts';
import { SlipwayError } from '../contract/failure.ts';
import { STAGES } from '../contract/stages.ts';
import { formatDeploymentId, type Target } from '../contract/target.ts';
import { newestAct } from './acts.ts';
import { actsFault } from './acts-fault.ts';
import { readEvidence } from './evidence.ts';
import { standingImage } from './image.ts';
import { deploymentBefore, deploymentOf } from './names.ts';
import { readPlatform } from './platform.ts';
import { readOutcome, readRecord, type StandingRecord } from './record.ts';
import { recordedNumbers } from './target.ts';
import { verdictFault } from './verdict-fault.ts';

/**
 * Gathers what the store holds about one deployment, and about its neighbours.
 * @throws UNKNOWN_DEPLOYMENT when it never heard of it; UNTRUSTED_EVIDENCE, ARTIFACT_CORRUPT when something is missing
 *   or changed
 */
export async function gatherDossier(artifacts: ArtifactStore, deploymentId: string): Promise<Dossier> {
  const { n, ...target } = deploymentOf(deploymentId);
  const store = artifacts.component(target.component);
  const recorded = await recordedNumbers(store, target);
  const sealed = await readRecord(store, deploymentId);
  if (sealed === null) throw unknown(deploymentId, await newestKnown(store, target, recorded), n);
  const before = deploymentBefore(deploymentId);
  const chain = await readChain(store, deploymentId);
  const returnTo = chain['change-intake']?.predicate.findings?.returnTo ?? null;
  const next = recorded.includes(n + 1) ? await readRecord(store, formatDeploymentId(target, n + 1)) : null;
  return {
    deploymentId,
    n,
    sealed,
    chain,
    recorded,
    outcome: await readOutcome(store, deploymentId),
    before: before === null ? null : await readRecord(store, before),
    namedByNext: next === null ? undefined : next.record.previousRecord,
    whileLive: await readWhileLive(
      store,
      target,
      sealed,
      recorded.filter((number) => number > n),
    ),
    returnedTo: returnTo && (await readRecord(store, returnTo.deploymentId)),
    bytesFault: await bytesFault(store, sealed, chain),
    verdictFault: await verdictFault(store, deploymentId, chain),
    actsFault: await actsFault(store, target, sealed, chain),
  };
}

/** The newest deployment that a record, or an act sealed after a record, speaks of. */
async function newestKnown(store: ComponentStore, target: Target, recorded: readonly number[]): Promise<number> {
  return Math.max(0, recorded.at(-1) ?? 0, (await newestAct(store, target))?.after ?? 0);
}

/** A record that others came after is missing (§14); one that nothing points at was never there. */
function unknown(deploymentId: string, newest: number, n: number): SlipwayError {
  return n <= newest
    ? new SlipwayError(
        'UNTRUSTED_EVIDENCE',
        `the record of ${deploymentId} is missing, though what was sealed after it is there (§14)`,
      )
    : new SlipwayError(
        'UNKNOWN_DEPLOYMENT',
        `the store has no record of ${deploymentId}: it runs still, or never was; see slipway history`,
      );
}

async function readChain(store: ComponentStore, deploymentId: string): Promise<Chain> {
  const links = await Promise.all(
    STAGES.map(async (stage) => [stage, await readEvidence(store, deploymentId, stage)] as const),
  );
  return Object.fromEntries(links.filter(([, link]) => link !== null)) as Chain;
}

/** The records after this one, up to and with the first that changed what is live. */
async function readWhileLive(
  store: ComponentStore,
  target: Target,
  own: StandingRecord,
  later: readonly number[],
): Promise<Successor[]> {
  const successors: Successor[] = [];
  if (own.after?.live?.deploymentId !== own.record.deploymentId) return successors;
  for (const n of later) {
    const deploymentId = formatDeploymentId(target, n);
    const record = await readRecord(store, deploymentId);
    if (record === null) continue;
    const intake = (await readEvidence(store, deploymentId, 'change-intake'))?.predicate.findings;
    successors.push({ ...record, found: intake ? { generation: intake.generation, live: intake.from } : null });
    if (record.after?.live?.deploymentId !== own.record.deploymentId) break;
  }
  return successors;
}

/** §6, §14: the artifact, its SBOM and the platform file that it went by are in the store, byte for byte. */
async function bytesFault(store: ComponentStore, { record }: StandingRecord, chain: Chain): Promise<Fault | null> {
  const platform = chain['change-intake']?.predicate.findings?.platform;
  try {
    if (record.artifact !== null) {
      await standingImage(store, record.artifact);
      await verifyImage(store, record.artifact.digest);
    }
    if (platform !== undefined) await readPlatform(store, platform);
    const sbom = chain.build?.predicate.findings?.origin?.sbom;
    if (sbom !== undefined) await store.getBlob(sbom);
    return null;
  } catch (error) {
    if (error instanceof SlipwayError && error.fault !== 'platform') return { clause: '§6', reason: error.message };
    throw error;
  }
}

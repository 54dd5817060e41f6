import type { ComponentStore } from '../artifacts/store.ts';
import { SlipwayError } from '../contract/failure.ts';
import type { LiveRelease } from '../contract/release.ts';
import { formatTarget, type Target } from '../contract/target.ts';
import { loadChain, type ChainTo } from './chain.ts';
import { targetOf } from './names.ts';
import { readRecord } from './record.ts';

/**
 * The whole chain of the deployment that completed with a release: it holds, and speaks of these bytes (§13: a previously
 * released artifact), and all of it is signed.
 * @throws UNTRUSTED_EVIDENCE, ARTIFACT_CORRUPT
 */
export async function loadCompletedChain(
  store: ComponentStore,
  target: Target,
  { deploymentId, digest }: LiveRelease,
): Promise<ChainTo<'completion'>> {
  if (targetOf(deploymentId) !== formatTarget(target)) {
    throw new SlipwayError('UNTRUSTED_EVIDENCE', `${deploymentId} is no deployment of ${formatTarget(target)}`);
  }
  const record = await readRecord(store, deploymentId);
  const evidence = record?.record.stages.at(-1)?.evidence;
  if (!record || !evidence || record.record.result !== 'completed') {
    throw new SlipwayError('UNTRUSTED_EVIDENCE', `${deploymentId} has no record of having completed`);
  }
  if (record.key === null) throw new SlipwayError('UNTRUSTED_EVIDENCE', `nobody signed the record of ${deploymentId}`);
  const chain = await loadChain(store, deploymentId, 'completion', evidence, false);
  const { release } = chain.release.findings;
  if (release.digest === digest) return chain;
  throw new SlipwayError('UNTRUSTED_EVIDENCE', `${deploymentId} released ${release.digest}, not ${digest}`);
}

import type { Logger } from 'pino';
import type { DeployerActivities, RestorationInput, RestorationReport } from '../src/contract/activities.ts';
import { codeOf, SlipwayError } from '../src/contract/failure.ts';
import type { LiveRelease } from '../src/contract/release.ts';
import { isSameState } from '../src/contract/sealed-record.ts';
import type { Target } from '../src/contract/target.ts';
import type { ComponentStore } from '../src/artifacts/store.ts';
import { isActedOn } from '../src/records/belief.ts';
import { loadCompletedChain } from '../src/records/completed.ts';
import { readEvidence, requireSignedEvidence } from '../src/records/evidence.ts';
import { deploymentOf } from '../src/records/names.ts';
import { claimRestoration, standingRecord } from '../src/records/record.ts';
import { perform, type Work } from './activity.ts';
import type { DeployDeps } from './deploy.ts';
import { refuseOtherEnvironment } from './environment.ts';

/**
 * Stage 7 as Rollback (§13): brings the version before back, fenced by the generation of this deployment. Idempotent,
 * retried until the old version was seen healthy, and of no effect once the deployment's record stands.
 */
export function createRollback(deps: DeployDeps): Pick<DeployerActivities, 'restoreRelease' | 'retireRelease'> {
  return {
    restoreRelease: (input) =>
      perform(loggerOf(deps, input.deploymentId), 'always', (work) => restore(deps, input, work)),

    retireRelease: (deploymentId) =>
      perform(loggerOf(deps, deploymentId), 'always', async () => {
        const { n: _, ...target } = deploymentOf(deploymentId);
        refuseOtherEnvironment(deps.environment, target);
        await deps.driver.retire({ target, deploymentId });
      }),
  };
}

/** Restores what the deployment's own change intake saw, and nothing else, whatever its caller says. */
export async function restore(deps: DeployDeps, input: RestorationInput, { signal }: Work): Promise<RestorationReport> {
  const { deploymentId, generation, to } = input;
  const { n: _, ...target } = deploymentOf(deploymentId);
  refuseOtherEnvironment(deps.environment, target);
  const store = deps.artifacts.component(target.component);
  await refuseOtherState(store, input);
  const isLeft = await isDeclaredFinal(store, deploymentId);
  const claim = async () =>
    (await standingRecord(store, deploymentId)) ??
    (await claimRestoration(store, { deploymentId, generation, at: new Date().toISOString() }));
  // Side by side: a claim waits for the disk, and users wait for what comes after.
  const [recorded] = await Promise.all([
    claim(),
    to === null || isLeft ? null : refuseUntrusted(deps, { target, store, generation, to }, signal),
  ]);
  if (recorded !== null) return { outcome: 'recorded', after: recorded.after };
  const restoration = { target, deploymentId, generation, to, whenActivated: isLeft ? 'leave' : 'restore' } as const;
  const { outcome, observation, instanceFolderHashes } = await deps.driver.restore(restoration, signal);
  const after = { generation: observation.generation, live: observation.live };
  if (outcome === 'burned') return { outcome: 'unchanged', after };
  if (outcome === 'restored' || outcome === 'removed') {
    return {
      outcome,
      after,
      data: instanceFolderHashes ? { how: 'hashed', ...instanceFolderHashes } : { how: 'not-written' },
    };
  }
  if (outcome === 'left') return { outcome, after };
  // Somebody else made the generation that was ours to make: we never did, and never will. What he left is not ours to
  // vouch for, so the next change intake finds it unlike this record (§15).
  if (observation.generation === generation)
    return { outcome: 'unchanged', after: { generation: generation - 1, live: to } };
  return { outcome, after: null };
}

/** Whether there is no way back, as signed at Release. What nobody signed takes none away. */
async function isDeclaredFinal(store: ComponentStore, deploymentId: string): Promise<boolean> {
  try {
    const release = await readEvidence(store, deploymentId, 'release');
    if (release === null || !(await isActedOn(store, release.key))) return false;
    return release.predicate.findings?.wayBack?.state === 'none';
  } catch (error) {
    if (codeOf(error) === 'UNTRUSTED_EVIDENCE') return false;
    throw error;
  }
}

/**
 * Where the runtime has changed, the release to return to is proved again, signatures and all, before it is brought back
 * (§13, §15). Where it has not, nothing is brought back.
 */
async function refuseUntrusted(
  { driver }: Pick<DeployDeps, 'driver'>,
  { target, store, generation, to }: { target: Target; store: ComponentStore; generation: number; to: LiveRelease },
  signal: AbortSignal,
): Promise<void> {
  if ((await driver.observe(target, signal)).generation !== generation) return;
  try {
    await loadCompletedChain(store, target, to);
  } catch (error) {
    if (!(error instanceof SlipwayError) || error.fault === 'platform') throw error;
    throw new SlipwayError('UNTRUSTED_EVIDENCE', `${to.version} is not brought back: ${error.message}`, {
      cause: error,
    });
  }
}

async function refuseOtherState(
  store: ComponentStore,
  { deploymentId, generation, to }: RestorationInput,
): Promise<void> {
  const evidence = await readEvidence(store, deploymentId, 'change-intake');
  if (evidence !== null) await requireSignedEvidence(store, evidence, false);
  const intake = evidence?.predicate.findings;
  const own = intake && { generation: intake.generation + 1, live: intake.from };
  if (own && isSameState(own, { generation, live: to }) && own.live?.version === to?.version) return;
  throw new SlipwayError(
    'UNTRUSTED_EVIDENCE',
    `${deploymentId} did not start from ${to?.version ?? 'nothing'} at generation ${generation - 1}: nothing was restored`,
  );
}

function loggerOf(deps: { readonly logger: Logger }, deploymentId: string): Logger {
  return deps.logger.child({ deploymentId, stage: 'rollback' });
}

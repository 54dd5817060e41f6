import type { Logger } from 'pino';
import type { DeployerActivities, RestorationInput, RestorationReport } from '../src/contract/activities.ts';
import { SlipwayError } from '../src/contract/failure.ts';
import { isSameState } from '../src/contract/sealed-record.ts';
import type { ComponentStore } from '../src/artifacts/store.ts';
import { readEvidence } from '../src/records/evidence.ts';
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
  const recorded =
    (await standingRecord(store, deploymentId)) ??
    (await claimRestoration(store, { deploymentId, generation, at: new Date().toISOString() }));
  if (recorded !== null) return { outcome: 'recorded', after: recorded.after };
  const { outcome, observation } = await deps.driver.restore({ target, deploymentId, generation, to }, signal);
  const after = { generation: observation.generation, live: observation.live };
  // `left` is never asked for here: as with a burned generation, the runtime is as it was found.
  if (outcome === 'burned' || outcome === 'left') return { outcome: 'unchanged', after };
  if (outcome !== 'superseded') return { outcome, after };
  // Somebody else made the generation that was ours to make: we never did, and never will. What he left is not ours to
  // vouch for, so the next change intake finds it unlike this record (§15).
  if (observation.generation === generation)
    return { outcome: 'unchanged', after: { generation: generation - 1, live: to } };
  return { outcome, after: null };
}

async function refuseOtherState(
  store: ComponentStore,
  { deploymentId, generation, to }: RestorationInput,
): Promise<void> {
  const intake = (await readEvidence(store, deploymentId, 'change-intake'))?.predicate.findings;
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

import type { Logger } from 'pino';
import { verifyImage } from '../src/artifacts/image.ts';
import type { ArtifactStore } from '../src/artifacts/store.ts';
import type { DeployerActivities } from '../src/contract/activities.ts';
import { SlipwayError } from '../src/contract/failure.ts';
import type { LiveRelease } from '../src/contract/release.ts';
import { isSameState } from '../src/contract/sealed-record.ts';
import type { WayBack } from '../src/contract/way-back.ts';
import { refuseQuarantined } from '../src/records/acts.ts';
import { loadChain } from '../src/records/chain.ts';
import { loadCompletedChain } from '../src/records/completed.ts';
import { standingImage } from '../src/records/image.ts';
import { refuseWeakBuild } from '../src/records/requirement.ts';
import type { Observation, RuntimeDriver } from '../src/runtime/driver.ts';
import type { SecretPlaces } from '../src/secrets/resolve.ts';
import { refuseOtherEnvironment } from './environment.ts';
import { carryOut } from './stage.ts';
import { proveWayBack } from './way-back.ts';

export interface DeployDeps {
  readonly artifacts: ArtifactStore;
  readonly driver: RuntimeDriver;
  /** The one environment that this deployer has credentials for. */
  readonly environment: string;
  /** Folder for work in progress. */
  readonly scratch: string;
  /** Where references to secrets lead. */
  readonly secrets: SecretPlaces;
  readonly logger: Logger;
}

/**
 * Stage 5, Deploy (§9): hands the driver the state that is wanted. The deployer does not trust its caller: it loads the
 * chain, checks that it is whole, that it is for this deployment and for what it observes, and only then acts (§15).
 */
export function createDeploy(deps: DeployDeps): Pick<DeployerActivities, 'activateRelease'> {
  return {
    activateRelease: ({ deploymentId, consumes }) =>
      carryOut(
        deps,
        { stage: 'deploy', deploymentId, previous: consumes.digest },
        async ({ store, target, signal }) => {
          refuseOtherEnvironment(deps.environment, target);
          const chain = await loadChain(store, deploymentId, 'release', consumes.digest);
          const intake = chain['change-intake'].findings;
          const { from, generation } = intake;
          const { release, wayBack: declared = null } = chain.release.findings;
          // What a person returns to is proved by whoever brings it back, and not by the builder alone.
          if (intake.returnTo !== null) await loadCompletedChain(store, target, intake.returnTo);
          await refuseQuarantined(store, release.digest);
          await refuseWeakBuild(store, chain, target);
          const found = await deps.driver.observe(target, signal);
          refuseOtherState(deploymentId, { from, generation }, found);
          const departure = { store, target, intake, release };
          const wayBack = isOwn(deploymentId, generation, found)
            ? (declared ?? provedBefore(from))
            : await proveWayBack(deps, departure, declared, signal);
          const image = await standingImage(store, release);
          await verifyImage(store, release.digest);
          const activation = {
            target,
            deploymentId,
            generation: generation + 1,
            release: { ...release, deploymentId },
          };
          const { observation, instanceFolderHashes } = await deps.driver.activate(activation, signal);
          const { live, address, isolation } = observation;
          return {
            image,
            findings: {
              release,
              generation: observation.generation,
              live,
              address,
              isolation,
              instanceFolderHashes,
              wayBack,
            },
          };
        },
      ),
  };
}

/** The version that a deployment starts from must not have moved under it (§2); its own activation, repeated, may stand. */
function refuseOtherState(
  deploymentId: string,
  expected: { readonly from: LiveRelease | null; readonly generation: number },
  { generation, live }: Observation,
): void {
  if (isOwn(deploymentId, expected.generation, { generation, live })) return;
  if (isSameState({ generation, live }, { generation: expected.generation, live: expected.from })) return;
  throw new SlipwayError(
    'STALE_GENERATION',
    `${deploymentId} starts from generation ${expected.generation} (${expected.from?.version ?? 'nothing live'}), but the runtime is at ` +
      `${generation} (${live?.version ?? 'nothing live'}): nothing was changed; submit the change again`,
  );
}

/** Whether an attempt before this one has activated it already, and only its answer was lost. */
function isOwn(deploymentId: string, before: number, { generation, live }: Pick<Observation, 'generation' | 'live'>) {
  return generation === before + 1 && live?.deploymentId === deploymentId;
}

/** Nothing is activated before the way back is proved; what that attempt saw was lost with its answer. */
function provedBefore(from: LiveRelease | null): WayBack {
  const to = from && { version: from.version, digest: from.digest };
  return { state: 'proved', to, seen: 'by an attempt before this one, which then activated the new version' };
}

import { Context } from '@temporalio/activity';
import type { DeployerActivities } from '../src/contract/activities.ts';
import { SlipwayError } from '../src/contract/failure.ts';
import { verifyLive } from '../src/health/verify-live.ts';
import { loadChain } from '../src/records/chain.ts';
import { standingImage } from '../src/records/image.ts';
import { createLiveCommands } from './commands.ts';
import type { DeployDeps } from './deploy.ts';
import { refuseOtherEnvironment } from './environment.ts';
import { withLive } from './live.ts';
import { carryOut } from './stage.ts';

/**
 * Stage 6, Post-deploy verification (§10): availability, health endpoint, smoke tests and the soak, through the stable
 * address, as a user would see it. Its samples are evidence, whether it passes or fails.
 */
export function createPostDeployVerification(deps: DeployDeps): Pick<DeployerActivities, 'observeRelease'> {
  return {
    observeRelease: ({ deploymentId, consumes }) => {
      const request = { stage: 'post-deploy-verification', deploymentId, previous: consumes.digest } as const;
      return carryOut(deps, request, async ({ store, target, signal }) => {
        refuseOtherEnvironment(deps.environment, target);
        const chain = await loadChain(store, deploymentId, 'deploy', consumes.digest);
        const { release, generation, address } = chain.deploy.findings;
        const { platform: digest } = chain['change-intake'].findings;
        const observe = async () => {
          const observation = await deps.driver.observe(target, signal);
          if (observation.generation === generation) return observation;
          throw new SlipwayError(
            'STALE_GENERATION',
            `the runtime moved from generation ${generation} to ${observation.generation} while ${deploymentId} was verified`,
          );
        };
        const live = { store, target, release, platform: digest, signal };
        const verdict = await withLive(deps, live, ({ platform, environment, manifest, measure, metrics }) =>
          verifyLive({
            address,
            manifest,
            soak: environment.soak,
            limits: environment.limits,
            observe,
            measure,
            metrics,
            runCommand: createLiveCommands(deps, { store, digest: release.digest, platform, observe }),
            onProgress: (progress) => Context.current().heartbeat(progress),
            signal,
          }),
        );
        return {
          image: await standingImage(store, release),
          findings: { artifact: release.digest, generation, verdict },
          ...(verdict.code !== null && { failure: new SlipwayError(verdict.code, verdict.message) }),
        };
      });
    },
  };
}

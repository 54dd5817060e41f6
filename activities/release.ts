import type { Logger } from 'pino';
import type { ArtifactStore } from '../src/artifacts/store.ts';
import type { OrchestratorActivities } from '../src/contract/activities.ts';
import { levelOf } from '../src/contract/slsa.ts';
import { loadChain } from '../src/records/chain.ts';
import { standingImage } from '../src/records/image.ts';
import { carryOut } from './stage.ts';
import { declareWayBack } from './way-back.ts';

/**
 * Stage 4, Release (§8): marks the very digest that was verified as eligible. Nothing is built, and nothing deployed:
 * the evidence, attached to the image, is the release.
 */
export function createRelease(deps: {
  readonly artifacts: ArtifactStore;
  readonly logger: Logger;
}): Pick<OrchestratorActivities, 'markReleased'> {
  return {
    markReleased: ({ deploymentId, consumes }) =>
      carryOut(deps, { stage: 'release', deploymentId, previous: consumes.digest }, async ({ store, target }) => {
        const chain = await loadChain(store, deploymentId, 'verification', consumes.digest);
        const { release } = chain.build.findings;
        const intake = chain['change-intake'].findings;
        const { change, source } = intake;
        const image = await standingImage(store, release);
        return {
          image,
          findings: {
            release,
            change: change.id,
            source: { repository: source.repository, revision: source.revision },
            releasedAt: new Date().toISOString(),
            summary: {
              platform: intake.platform,
              level: levelOf(chain.build.findings),
              inputs: [chain['change-intake'].digest, chain.build.digest, chain.verification.digest],
            },
            wayBack: await declareWayBack({ store, target, intake, release }),
          },
        };
      }),
  };
}

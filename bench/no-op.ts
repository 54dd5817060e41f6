import type {
  BuilderActivities,
  DeployerActivities,
  LaneFacts,
  OrchestratorActivities,
} from '../src/contract/activities.ts';
import type { Digest } from '../src/contract/digest.ts';
import type { Evidence, Facts } from '../src/contract/evidence.ts';
import { endStage } from '../src/contract/record.ts';
import type { Stage } from '../src/contract/stages.ts';

const REVISION = '4f0c1d2e3a4b5c6d7e8f90a1b2c3d4e5f6071829';
const FROM = { version: '20261122.0a1b2c3d4e5f.11223344', digest: digest(1), deploymentId: 'bench/web/1' };
const RELEASE = { version: '20261123.4f0c1d2e3a4b.9e107d9d', digest: digest(2) };
const PRESENT = { live: FROM, generation: 1, knownHealthy: FROM, hold: null };

/** Activities that do nothing, and answer what the real ones would: evidence of the same shape and size. */
export const orchestrator: OrchestratorActivities = {
  admitChange: async ({ order }) =>
    evidence('change-intake', {
      changeId: order.kind === 'deploy' ? order.change : 'rollback:previous',
      summary: 'Show delivery dates on the product page',
      reason: 'Customers ask support for them; SHOP-881',
      carries: ['CHG-1042', 'CHG-1040'],
      source: { repository: 'shop', revision: REVISION },
      from: FROM,
      generation: 1,
      rollbackWithin: 30_000,
    }),
  markReleased: async () => evidence('release', null),
  complete: async ({ draft }) => ({
    ...endStage(draft, 'passed', new Date().toISOString(), digest(3)),
    result: 'completed',
    previousRecord: digest(4),
  }),
  sealRecord: async ({ record }) => record,
  recoverLane: async (): Promise<LaneFacts> => ({ ...PRESENT, n: 0, recent: [], unfinished: [] }),
  awaitDeployment: async () => null,
  sealAct: () => Promise.reject(new Error('nobody acts on a target here')),
  archiveDeployment: async () => PRESENT,
  deliver: async () => undefined,
};

export const builder: BuilderActivities = {
  buildArtifact: async () => evidence('build', RELEASE),
  verifyArtifact: async () => evidence('verification', null),
};

export const deployer: DeployerActivities = {
  activateRelease: async () => evidence('deploy', null),
  observeRelease: async () => evidence('post-deploy-verification', null),
  restoreRelease: async () => ({ outcome: 'restored', after: { generation: 1, live: FROM } }),
  watchRelease: async ({ deploymentId }) => ({
    deploymentId,
    outcome: 'held',
    reason: 'nothing to see',
    evidence: null,
  }),
  retireRelease: async () => undefined,
  settleDeployment: () => Promise.reject(new Error('nobody terminates a deployment here')),
};

function evidence<S extends Stage>(stage: S, facts: Facts[S]): Evidence<S> {
  return { stage, digest: digest(stage.length), facts };
}

function digest(seed: number): Digest {
  return `sha256:${seed.toString(16).padStart(2, '0').repeat(32)}`;
}

import { createHash } from 'node:crypto';
import type { Act, Hold } from '../../src/contract/acts.ts';
import type {
  BuilderActivities,
  DeployerActivities,
  LaneFacts,
  OrchestratorActivities,
  RestorationReport,
  SealInput,
  UnfinishedDeployment,
} from '../../src/contract/activities.ts';
import type { Digest } from '../../src/contract/digest.ts';
import type { Evidence, Facts } from '../../src/contract/evidence.ts';
import { contentOf, type Order } from '../../src/contract/order.ts';
import { resultOf } from '../../src/contract/outcome.ts';
import { endStage, openRecord, type DeploymentRecord, type RecordedFailure } from '../../src/contract/record.ts';
import type { LiveRelease, ReleaseRef } from '../../src/contract/release.ts';
import { consequencesOf } from '../../src/contract/sealed-record.ts';
import type { Stage } from '../../src/contract/stages.ts';
import { formatDeploymentId, formatTarget, type Target } from '../../src/contract/target.ts';
import type { Executions } from '../../src/temporal/executions.ts';

export type Activities = OrchestratorActivities & BuilderActivities & DeployerActivities;

export function digestOf(text: string): Digest {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}

export function evidenceOf<S extends Stage>(deploymentId: string, stage: S, facts: Facts[S]): Evidence<S> {
  return { stage, digest: digestOf(`${stage} of ${deploymentId}`), facts };
}

export type FakeTarget = ReturnType<typeof createFakeTarget>;

/**
 * Store and runtime of one target, in memory, as the workflows see them through their activities: the runtime compares
 * generations, the first record sealed stands, acts take effect. No stage looks at anything.
 */
export function createFakeTarget(target: Target, executions: Executions) {
  const sealed = new Map<string, SealInput>();
  const acts: Act[] = [];
  const builds = new Map<string, ReleaseRef>();
  const orders = new Map<string, Order>();
  let live: LiveRelease | null = null;
  let knownHealthy: LiveRelease | null = null;
  let generation = 0;
  let hold: Hold | null = null;

  const activities: Activities = {
    async admitChange({ deploymentId, order }) {
      orders.set(deploymentId, order);
      return evidenceOf(deploymentId, 'change-intake', {
        changeId: order.kind === 'deploy' ? order.change : 'rollback:before',
        summary: 'Show delivery dates on the product page',
        reason: 'Customers ask support for them; SHOP-881',
        carries: order.kind === 'deploy' ? [order.change] : [],
        source: { repository: 'shop', revision: revisionOf(order) },
        from: live,
        generation,
        rollbackWithin: 30_000,
      });
    },
    async buildArtifact({ deploymentId, consumes }) {
      const { revision } = consumes.facts.source;
      const digest = digestOf(revision);
      const release = { version: `20261123.${revision.slice(0, 12)}.${digest.slice(7, 15)}`, digest };
      builds.set(deploymentId, release);
      return evidenceOf(deploymentId, 'build', release);
    },
    verifyArtifact: async ({ deploymentId }) => evidenceOf(deploymentId, 'verification', null),
    markReleased: async ({ deploymentId }) => evidenceOf(deploymentId, 'release', null),
    async activateRelease({ deploymentId }) {
      const release = builds.get(deploymentId);
      if (release === undefined) throw new Error(`${deploymentId} was not built`);
      live = { ...release, deploymentId };
      generation += 1;
      return evidenceOf(deploymentId, 'deploy', null);
    },
    observeRelease: async ({ deploymentId }) => evidenceOf(deploymentId, 'post-deploy-verification', null),
    async complete({ deploymentId, draft }) {
      const { digest } = evidenceOf(deploymentId, 'completion', null);
      const record = { ...endStage(draft, 'passed', new Date().toISOString(), digest), result: 'completed' } as const;
      return seal({ order: orders.get(deploymentId) ?? orderIn(draft), record, after: { generation, live } });
    },
    sealRecord: async (input) => seal(input),
    restoreRelease: async ({ deploymentId, generation: own, to }) => restore(deploymentId, own, to),
    retireRelease: async () => undefined,
    watchRelease: async ({ deploymentId }) => ({
      deploymentId,
      outcome: 'held',
      reason: 'it was well',
      evidence: null,
    }),
    recoverLane: async () => recover(),
    awaitDeployment: (deploymentId) => executions.result(deploymentId),
    async settleDeployment({ deploymentId, order }) {
      const standing = sealed.get(deploymentId);
      if (standing !== undefined) return standing.record;
      const message = 'its workflow ended without a record';
      const failure: RecordedFailure = { code: 'DEPLOYMENT_TERMINATED', clause: '§11', stage: null, message };
      const record = { ...openRecord(deploymentId, order), failure, result: resultOf(failure, null) };
      return seal({ order, record, after: { generation, live } });
    },
    async sealAct({ act, key }) {
      const at = new Date().toISOString();
      take(act, at);
      const number = acts.length;
      return { target: formatTarget(target), number, previous: null, after: sealed.size, at, key, act };
    },
    archiveDeployment: async () => present(),
    deliver: async () => undefined,
  };

  function restore(deploymentId: string, own: number, to: LiveRelease | null): RestorationReport {
    if (generation === own - 1) generation = own; // burned: a late activation is stale
    else if (generation !== own) return { outcome: 'superseded', after: { generation, live } };
    if (live?.deploymentId !== deploymentId) return { outcome: 'unchanged', after: { generation, live } };
    live = to;
    generation += 1;
    return { outcome: to === null ? 'removed' : 'restored', after: { generation, live } };
  }

  function seal(input: SealInput): DeploymentRecord {
    const { deploymentId, result, artifact } = input.record;
    if (deploymentId === null) throw new Error('an order that ended in the queue has no record of its own');
    const standing = sealed.get(deploymentId);
    if (standing !== undefined) return standing.record;
    const previous = [...sealed.keys()].at(-1);
    const record = { ...input.record, previousRecord: previous === undefined ? null : digestOf(previous) };
    sealed.set(deploymentId, { ...input, record });
    if (result === 'completed' && artifact !== null) knownHealthy = { ...artifact, deploymentId };
    for (const act of consequencesOf(record, input.order, 'hold')) take(act, new Date().toISOString());
    return record;
  }

  function take(act: Act, since: string): void {
    acts.push(act);
    if (act.kind === 'hold') hold = { by: act.by, reason: act.reason, since };
    if (act.kind === 'resume') hold = null;
  }

  async function recover(): Promise<LaneFacts> {
    const unfinished: UnfinishedDeployment[] = [];
    let n = sealed.size;
    for (;;) {
      const execution = await executions.find(formatDeploymentId(target, n + 1));
      if (execution === null) break;
      n += 1;
      unfinished.push({ n, order: execution.input.order, startedAt: execution.startedAt });
    }
    const recent = [...sealed.values()].map(({ record, order }) => ({
      requestId: record.requestId,
      content: contentOf(order),
      deploymentId: record.deploymentId,
    }));
    return { ...present(), n, recent, unfinished };
  }

  function present(): Pick<LaneFacts, 'live' | 'generation' | 'knownHealthy' | 'hold'> {
    return { live, generation, knownHealthy, hold };
  }

  function orderIn({ requestId, change, source }: DeploymentRecord): Order {
    const revision = source?.revision ?? '0'.repeat(40);
    return { kind: 'deploy', requestId, target, by: change.requestedBy, change: change.id, source: 'shop', revision };
  }

  return {
    target,
    activities,
    /** What the store holds, in the order of sealing. */
    records: (): DeploymentRecord[] => [...sealed.values()].map(({ record }) => record),
    acts: (): readonly Act[] => acts,
    runtime: () => ({ generation, live }),
    /** Somebody else changes the runtime. */
    moveOn(): void {
      generation += 1;
    },
  };
}

function revisionOf(order: Order): string {
  return order.kind === 'deploy' ? order.revision : '0'.repeat(40);
}

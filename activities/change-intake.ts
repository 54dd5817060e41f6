import type { Logger } from 'pino';
import type { ArtifactStore, ComponentStore } from '../src/artifacts/store.ts';
import { pathsOf, type LoadedPlatform } from '../src/config/load.ts';
import { receiversOf } from '../src/config/webhooks.ts';
import type { OrchestratorActivities } from '../src/contract/activities.ts';
import type { IntakeFindings } from '../src/contract/evidence.ts';
import type { Receiver } from '../src/contract/event.ts';
import { SlipwayError } from '../src/contract/failure.ts';
import { isSameOrder, type DeployOrder, type Order, type RollbackOrder } from '../src/contract/order.ts';
import type { LiveRelease } from '../src/contract/release.ts';
import { formatTarget } from '../src/contract/target.ts';
import { newestAct } from '../src/records/acts.ts';
import { readEvidence } from '../src/records/evidence.ts';
import { refuseUnknownState } from '../src/records/known-state.ts';
import { deploymentBefore, deploymentOf } from '../src/records/names.ts';
import { environmentOf, keepPlatform } from '../src/records/platform.ts';
import type { StandingRecord } from '../src/records/record.ts';
import { releaseToReturnTo } from '../src/records/return.ts';
import { recentRecords } from '../src/records/target.ts';
import type { RuntimeObserver } from '../src/runtime/driver.ts';
import { refuseUndeclaredSecrets } from '../src/secrets/missing.ts';
import { admit } from '../src/source/admission.ts';
import type { OpenSource } from '../src/source/open.ts';
import { carryOut, type StageRequest } from './stage.ts';

export interface ChangeIntakeDeps {
  readonly artifacts: ArtifactStore;
  readonly observer: RuntimeObserver;
  /** The platform file as it is now; what a deployment read of it goes with the deployment. */
  readonly loadPlatform: () => Promise<LoadedPlatform>;
  readonly openSource: OpenSource;
  readonly logger: Logger;
}

type Intent = Pick<IntakeFindings, 'change' | 'source' | 'returnTo'>;

/**
 * Stage 1, Change intake (§5): the change is traceable to a revision, its scope is explicit, its components are named.
 * It pins what the deployment starts from: the version and generation that the runtime shows (§2), and the platform
 * file that all stages go by.
 */
export function createChangeIntake(deps: ChangeIntakeDeps): Pick<OrchestratorActivities, 'admitChange'> {
  return {
    admitChange: ({ deploymentId, order }) => {
      let receivers: readonly Receiver[] = [];
      const request = { ...requestOf(deploymentId, order), details: () => (receivers.length > 0 ? { receivers } : {}) };
      return carryOut(deps, request, async ({ store, target, signal }) => {
        refuseOtherTarget(deploymentId, order);
        const loaded = await deps.loadPlatform();
        receivers = receiversOf(loaded.platform);
        const { rollbackWithin } = environmentOf(loaded.platform, target.environment);
        await keepPlatform(store, loaded.bytes, loaded.digest);
        const records = await recentRecords(store, target);
        const { generation, live } = await deps.observer.observe(target, signal);
        refuseGap(deploymentId, records[0]);
        if (order.kind === 'deploy') refuseUnknownState(target, records[0], { generation, live });
        const intent =
          order.kind === 'deploy'
            ? await admitted(deps, loaded, store, order, live)
            : await returning(store, records, order, live);
        const last = await newestAct(store, target);
        return {
          image: null,
          findings: {
            order,
            ...intent,
            from: live,
            generation,
            rollbackWithin,
            ...(receivers.length > 0 && { receivers }),
            platform: loaded.digest,
            lane: { acts: last?.number ?? 0, last: last?.digest ?? null },
          },
        };
      });
    },
  };
}

/** Evidence that stands is the answer to one order, and to no other under the same number. */
function requestOf(deploymentId: string, order: Order): StageRequest<'change-intake'> {
  const isOwn = (findings: IntakeFindings): boolean => isSameOrder(findings.order, order);
  return { stage: 'change-intake', deploymentId, previous: null, isOwn };
}

async function admitted(
  deps: ChangeIntakeDeps,
  loaded: LoadedPlatform,
  store: ComponentStore,
  order: DeployOrder,
  live: LiveRelease | null,
): Promise<Intent> {
  const repository = deps.openSource(loaded, order.source);
  await repository.fetch();
  const { component, environment } = order.target;
  const admission = await admit({
    repository,
    component,
    change: order.change,
    revision: order.revision,
    live: live && { revision: await revisionOf(store, live) },
    instances: pathsOf(loaded).instances,
  });
  refuseUndeclaredSecrets(environment, environmentOf(loaded.platform, environment), admission.manifest);
  const { folder, revision, committedAt, change } = admission;
  return {
    change: { ...change, requestedBy: order.by },
    source: { repository: repository.name, revision, committedAt, folder },
    returnTo: null,
  };
}

/** What is live was admitted from this revision, as its own change intake says: without it no commit is known to be new. */
async function revisionOf(store: ComponentStore, { version, deploymentId }: LiveRelease): Promise<string> {
  const intake = (await readEvidence(store, deploymentId, 'change-intake'))?.predicate.findings;
  if (intake) return intake.source.revision;
  throw new SlipwayError(
    'UNTRUSTED_EVIDENCE',
    `the change intake of ${deploymentId}, which brought the live ${version}, is not in the store: restore it from a copy`,
  );
}

/** A rollback on request carries no commit: its change is the return itself, and it is traced to the release's record. */
async function returning(
  store: ComponentStore,
  records: readonly StandingRecord[],
  order: RollbackOrder,
  live: LiveRelease | null,
): Promise<Intent> {
  const { release, intake } = await releaseToReturnTo(store, records, order, live);
  const id = `rollback:${release.deploymentId}`;
  const summary = `Return to ${release.version}, which completed as ${release.deploymentId}`;
  return {
    change: { id, summary, reason: order.reason, requestedBy: order.by, carries: [id] },
    source: intake.source,
    returnTo: release,
  };
}

function refuseOtherTarget(deploymentId: string, order: Order): void {
  const { n: _, ...target } = deploymentOf(deploymentId);
  if (formatTarget(target) === formatTarget(order.target)) return;
  throw new SlipwayError(
    'UNTRUSTED_EVIDENCE',
    `${deploymentId} cannot carry an order for ${formatTarget(order.target)}`,
  );
}

/** Numbers have no gaps: the newest record is that of the deployment before (§14). No lane asks for another. */
function refuseGap(deploymentId: string, newest: StandingRecord | undefined): void {
  const before = deploymentBefore(deploymentId);
  const found = newest?.record.deploymentId ?? null;
  if (found === before) return;
  throw new SlipwayError(
    'UNTRUSTED_EVIDENCE',
    `the newest record is that of ${found ?? 'none'}; expected ${before ?? 'none'} before ${deploymentId}: orders go through the lane`,
  );
}

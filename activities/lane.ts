import { once } from 'node:events';
import type { Logger } from 'pino';
import { sealBlob } from '../src/artifacts/sealed.ts';
import type { ArtifactStore, ComponentStore } from '../src/artifacts/store.ts';
import type {
  LanePresent,
  LaneFacts,
  OrchestratorActivities,
  RuntimeState,
  UnfinishedDeployment,
} from '../src/contract/activities.ts';
import { codeOf, SlipwayError } from '../src/contract/failure.ts';
import { formatDeploymentId, formatTarget, parseTarget, type Target } from '../src/contract/target.ts';
import { appendAct, quarantineOf, setQuarantine, standingAct } from '../src/records/acts.ts';
import { DOCUMENT } from '../src/records/document-types.ts';
import { readEvidence } from '../src/records/evidence.ts';
import { expectedState } from '../src/records/known-state.ts';
import { deploymentOf, nameOf } from '../src/records/names.ts';
import { holdOf, knownHealthyOf, recentRecords, recentRequests, recordedNumbers } from '../src/records/target.ts';
import { watchDutyOf } from '../src/records/watch.ts';
import type { RuntimeObserver } from '../src/runtime/driver.ts';
import type { Executions } from '../src/temporal/executions.ts';
import { perform } from './activity.ts';

export interface LaneDeps {
  readonly artifacts: ArtifactStore;
  readonly observer: RuntimeObserver;
  readonly executions: Executions;
  readonly logger: Logger;
}

type LaneActivities = Pick<OrchestratorActivities, 'recoverLane' | 'awaitDeployment' | 'sealAct' | 'archiveDeployment'>;

/** What a lane asks of store, runtime and Temporal: its own past, and how its deployments ended. */
export function createLane(deps: LaneDeps): LaneActivities {
  const { artifacts, executions, logger } = deps;
  return {
    recoverLane: (target) =>
      perform(logger.child({ target: formatTarget(target) }), 'always', () => recover(deps, target)),

    awaitDeployment: (deploymentId) =>
      perform(logger.child({ deploymentId }), 'always', ({ signal }) =>
        Promise.race([executions.result(deploymentId), untilAborted(signal)]),
      ),

    sealAct: ({ target, act, key }) =>
      perform(logger.child({ target: formatTarget(target) }), 'always', async () => {
        if (parseTarget(formatTarget(target)) === null) {
          throw new SlipwayError('ACT_REFUSED', `${formatTarget(target)} is no target: expected environment/component`);
        }
        const store = artifacts.component(target.component);
        const isNew = (await standingAct(store, { target, key })) === null;
        if (isNew && act.kind === 'unquarantine' && !(await quarantineOf(store, act.digest)).quarantined) {
          throw new SlipwayError('ACT_REFUSED', `${act.digest} of ${target.component} is not quarantined`);
        }
        const sealed = await appendAct(store, { target, act, key, at: new Date().toISOString() });
        if (act.kind === 'unquarantine' || act.kind === 'quarantine') await setQuarantine(store, act, key);
        return sealed;
      }),

    archiveDeployment: (deploymentId) =>
      perform(logger.child({ deploymentId }), 'always', async () => {
        const { n: _, ...target } = deploymentOf(deploymentId);
        const store = artifacts.component(target.component);
        const name = nameOf.history(deploymentId);
        if ((await store.resolve(name)) === null) {
          const bytes = await executions.history(deploymentId);
          const history = { store, name, artifactType: DOCUMENT.history, mediaType: 'application/gzip' };
          if (bytes !== null) await sealBlob({ ...history, bytes });
        }
        return await presentOf(deps, target);
      }),
  };
}

/** A worker that shuts down waits for its activities: one that only waits gives up, and is begun again elsewhere. */
async function untilAborted(signal: AbortSignal): Promise<never> {
  if (!signal.aborted) await once(signal, 'abort');
  throw signal.reason;
}

/**
 * What a target is like now. Orders are taken, and a hold is in force, also while the runtime is away: then it counts as
 * what the newest record left there, and change intake looks for itself.
 */
async function presentOf({ artifacts, observer }: LaneDeps, target: Target): Promise<LanePresent> {
  const store = artifacts.component(target.component);
  const records = await recentRecords(store, target);
  const shown = (await observed(observer, target)) ?? expectedState(records[0]) ?? { live: null, generation: 0 };
  const [knownHealthy, hold, watch] = await Promise.all([
    knownHealthyOf(store, records),
    holdOf(store, target),
    watchDutyOf(store, target, shown.live, records),
  ]);
  return { live: shown.live, generation: shown.generation, knownHealthy, hold, watch };
}

/** Null when the runtime does not answer. */
async function observed(observer: RuntimeObserver, target: Target): Promise<RuntimeState | null> {
  try {
    return await observer.observe(target);
  } catch (error) {
    if (codeOf(error) === 'RUNTIME_UNAVAILABLE') return null;
    throw error;
  }
}

/**
 * All that a lane which begins cold can know. Numbers are used without gaps, so Temporal is asked for the one after the
 * newest record, the next, and so on, until there is none: those have no record yet. Where Temporal has lost one (wiped,
 * deleted), the store may still know of it. The newest that has a record is taken up again where its lane was terminated
 * before it had kept its history and ended its warm instance.
 */
async function recover(deps: LaneDeps, target: Target): Promise<LaneFacts> {
  const store = deps.artifacts.component(target.component);
  const recorded = await recordedNumbers(store, target);
  const newest = recorded.at(-1) ?? 0;
  const isKept = newest === 0 || (await store.resolve(nameOf.history(formatDeploymentId(target, newest)))) !== null;
  const unfinished: UnfinishedDeployment[] = [];
  for (let n = isKept ? newest + 1 : newest; ; n += 1) {
    const id = formatDeploymentId(target, n);
    const execution = await deps.executions.find(id);
    const found = execution && { order: execution.input.order, startedAt: execution.startedAt };
    const begun = found ?? (n > newest ? await lostDeployment(store, id) : null);
    if (begun !== null) unfinished.push({ n, ...begun });
    else if (n > newest) break;
  }
  const recent = await recentRequests(store, target, await recentRecords(store, target));
  return { ...(await presentOf(deps, target)), n: unfinished.at(-1)?.n ?? newest, recent, unfinished };
}

/** A deployment that Temporal has lost may have changed the runtime: its change intake tells what it was begun for. */
async function lostDeployment(
  store: ComponentStore,
  deploymentId: string,
): Promise<Omit<UnfinishedDeployment, 'n'> | null> {
  const intake = (await readEvidence(store, deploymentId, 'change-intake'))?.predicate;
  return intake?.findings ? { order: intake.findings.order, startedAt: intake.startedAt } : null;
}

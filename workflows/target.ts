import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  setCurrentDetails,
  workflowInfo,
} from '@temporalio/workflow';
import {
  adopted,
  ended,
  isOvertaken,
  isOwnRollback,
  nextOrder,
  notStarted,
  recovered,
  started,
  starting,
  type LaneState,
  type RunningDeployment,
} from '../src/contract/lane.ts';
import type { LaneInput } from '../src/contract/messages.ts';
import type { DeploymentRecord } from '../src/contract/record.ts';
import { activitiesFor } from './activities.ts';
import { startDeployment } from './child.ts';
import { describeLane } from './details.ts';
import { openLane } from './lane.ts';
import { openWatch } from './watch.ts';

/** Updates that one run of a lane takes before it continues as new; Temporal's own limit is 2,000. */
const UPDATES_A_RUN = 1_000;

/**
 * The lane of one target: takes orders, and carries one deployment at a time through to its end (§2). What it decides
 * is in `src/contract/lane.ts`; this carries it out. It never ends: it continues as new.
 */
export async function target(input: LaneInput): Promise<never> {
  const carryOut = activitiesFor(input.target.environment);
  const lane = openLane(input, carryOut, show);
  const watch = openWatch(lane, carryOut);
  const background = new Set<Promise<void>>();
  /**
   * Whether it is time for another run. Looked at only when something in the history has changed the lane: Temporal drops
   * a task whose update was refused, so what such a task alone made us do would not be done again when it is replayed.
   */
  let isOld = false;

  // A cancellation of the lane in the UI must not reach its deployment, which is aborted by its own name.
  return await CancellationScope.nonCancellable(async () => {
    if (input.carried === undefined) await recover();
    watch.keep();
    for (;;) {
      await condition(() => nextOrder(lane.state()) !== null || mayContinueAsNew());
      const order = nextOrder(lane.state());
      if (order === null || isOld) break;
      if (isOvertaken(lane.state(), order)) {
        await lane.withdraw(order, 'another release is live by now');
        continue;
      }
      const { running } = lane.apply((state) => starting(state, order, now()));
      if (running !== null) await carry(running);
    }
    lane.close();
    await watch.stop();
    await condition(() => allHandlersFinished() && background.size === 0);
    return await continueAsNew<typeof target>({ target: input.target, carried: lane.state() });
  });

  /** Starts a deployment and waits for its end; where its number is taken, this lane has lost count. */
  async function carry(running: RunningDeployment): Promise<void> {
    const deployment = await startDeployment(running);
    if (deployment === null) {
      lane.apply(notStarted);
      await recover();
    } else {
      lane.apply(started);
      // A deployment that was reset goes on in another run, whose end counts.
      await conclude(running, (await deployment.record) ?? (await carryOut.awaitDeployment(running.deploymentId)));
    }
  }

  /** Begins cold: reads what is known, then waits for, or settles, each deployment that has no record yet. */
  async function recover(): Promise<void> {
    const facts = await carryOut.recoverLane(input.target);
    lane.apply((state) => recovered(state, facts));
    lane.open();
    for (const unfinished of facts.unfinished) {
      const { running } = lane.apply((state) => adopted(state, unfinished));
      if (running !== null) await conclude(running, await carryOut.awaitDeployment(running.deploymentId));
    }
  }

  /** Takes note of a deployment's end; one that ended without a record is settled first. */
  async function conclude(running: RunningDeployment, record: DeploymentRecord | null): Promise<void> {
    const { deploymentId, order, startedAt } = running;
    const settled = record ?? (await carryOut.settleDeployment({ deploymentId, order, startedAt }));
    const archived = archive(deploymentId, settled.result === 'completed' || settled.rollback !== null);
    const isHeld = settled.rollback !== null || isOwnRollback(order);
    if (isHeld) await archived; // the hold is in force before the next order is looked at
    lane.apply((state) => ended(state, settled));
  }

  /** Keeps the history, and looks at what the target is like now; meanwhile the warm instance is ended. */
  function archive(deploymentId: string, changed: boolean): Promise<void> {
    if (changed) void inBackground(carryOut.retireRelease(deploymentId));
    return inBackground(
      sinceTheLastAct(() => carryOut.archiveDeployment(deploymentId)).then((seen) => {
        lane.apply((state) => (newest(state) === deploymentId ? { ...state, ...seen } : state));
        watch.keep();
      }),
    );
  }

  function inBackground(job: Promise<void>): Promise<void> {
    const tracked = job.finally(() => background.delete(tracked));
    background.add(tracked);
    return tracked;
  }

  /** Looks again where an act took effect meanwhile: what was seen may be from before it. */
  async function sinceTheLastAct<T>(look: () => Promise<T>): Promise<T> {
    for (;;) {
      const acts = lane.acts();
      const seen = await look();
      if (lane.acts() === acts) return seen;
    }
  }

  function mayContinueAsNew(): boolean {
    return isOld && lane.state().running === null && background.size === 0;
  }

  function show(state: LaneState, notes: readonly string[]): void {
    isOld = workflowInfo().continueAsNewSuggested || lane.updates() >= UPDATES_A_RUN;
    setCurrentDetails(describeLane(state, notes));
  }
}

function newest(state: LaneState): string {
  return state.running?.deploymentId ?? `${state.target.environment}/${state.target.component}/${state.n}`;
}

function now(): string {
  return new Date().toISOString();
}

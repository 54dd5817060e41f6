import type { Act, Hold } from './acts.ts';
import type { LaneFacts, RecentRequest, UnfinishedDeployment } from './activities.ts';
import { contentOf, type Order, type RollbackOrder } from './order.ts';
import { openRecord, type DeploymentRecord } from './record.ts';
import type { LiveRelease } from './release.ts';
import { formatDeploymentId, formatTarget, type Target } from './target.ts';
import type { Degradation, WatchDuty } from './watch.ts';

/**
 * The lane of one target: what it decides is a pure function of its state and an event; the `target` workflow carries
 * the decisions out. One deployment at a time, first in first out, rollbacks first (§2, §13).
 */
export interface LaneState {
  readonly target: Target;
  readonly live: LiveRelease | null;
  readonly knownHealthy: LiveRelease | null;
  readonly generation: number;
  /** The newest deployment number that was used. */
  readonly n: number;
  readonly hold: Hold | null;
  /** The live release, while it is watched after its completion (§12). Earlier versions lack it. */
  readonly watch?: WatchDuty | null;
  /** An order leaves the queue once its deployment has started, or by an abort. */
  readonly queue: readonly QueuedOrder[];
  /** Starting (its order is still queued), or under way. */
  readonly running: RunningDeployment | null;
  /** Newest last. */
  readonly recent: readonly RecentRequest[];
}

export interface QueuedOrder {
  readonly order: Order;
  readonly since: string;
}

export interface RunningDeployment {
  readonly n: number;
  readonly deploymentId: string;
  readonly order: Order;
  readonly startedAt: string;
}

/** What a submission is answered; the same for the same request. */
export interface Submission {
  readonly requestId: string;
  readonly target: string;
  /** Null while it is queued. */
  readonly deploymentId: string | null;
  /** 0: it runs, or has run; 1: next; … */
  readonly position: number;
}

/** Requests that a lane remembers at least; it never forgets one that is queued or runs. */
const REMEMBERED = 500;

export function emptyLane(target: Target): LaneState {
  return {
    target,
    live: null,
    knownHealthy: null,
    generation: 0,
    n: 0,
    hold: null,
    watch: null,
    queue: [],
    running: null,
    recent: [],
  };
}

/**
 * Takes over what the store, the runtime and Temporal know, when a lane begins cold or has lost count. Orders that
 * turn out to have been carried out leave the queue.
 */
export function recovered(state: LaneState, facts: LaneFacts): LaneState {
  const { live, knownHealthy, generation, hold, n, watch = null } = facts;
  const known = new Set(facts.recent.map(({ requestId }) => requestId));
  const queue = state.queue.filter(({ order }) => !known.has(order.requestId));
  const recent = [...facts.recent, ...state.recent.filter(({ requestId }) => !known.has(requestId))];
  return { ...state, live, knownHealthy, generation, hold, watch, n, queue, recent };
}

/** Why the lane refuses an order, or null: a request id stands for one content. */
export function whyRefused(state: LaneState, order: Order): string | null {
  const known = state.recent.find(({ requestId }) => requestId === order.requestId);
  return known === undefined || known.content === contentOf(order)
    ? null
    : `request id ${order.requestId} was used for another order (${known.deploymentId ?? 'queued'}): send this one under a new id`;
}

/** Queues an order, once: a rollback before every ordinary order, otherwise behind all. */
export function submitted(state: LaneState, order: Order, now: string): LaneState {
  if (state.recent.some(({ requestId }) => requestId === order.requestId)) return state;
  const ordinary = state.queue.findIndex((queued) => queued.order.kind !== 'rollback');
  const place = order.kind === 'rollback' && ordinary >= 0 ? ordinary : state.queue.length;
  const queue = state.queue.toSpliced(place, 0, { order, since: now });
  return remembering(
    { ...state, queue },
    { requestId: order.requestId, content: contentOf(order), deploymentId: null },
  );
}

/** Adds a request, or what has become of it, and forgets old ones whose orders have ended. */
function remembering(state: LaneState, request: RecentRequest): LaneState {
  const index = state.recent.findIndex(({ requestId }) => requestId === request.requestId);
  const recent = index < 0 ? [...state.recent, request] : state.recent.with(index, request);
  const surplus = recent.length - REMEMBERED;
  if (surplus <= 0) return { ...state, recent };
  const needed = new Set(
    [...state.queue, ...(state.running ? [state.running] : [])].map(({ order }) => order.requestId),
  );
  const forgotten = new Set(recent.filter(({ requestId }) => !needed.has(requestId)).slice(0, surplus));
  return { ...state, recent: recent.filter((known) => !forgotten.has(known)) };
}

/** What a request's submission is answered now. */
export function answerTo(state: LaneState, requestId: string): Submission {
  const request = state.recent.find((known) => known.requestId === requestId);
  const index = state.queue.findIndex(({ order }) => order.requestId === requestId);
  return {
    requestId,
    target: formatTarget(state.target),
    deploymentId: request?.deploymentId ?? null,
    position: index < 0 ? 0 : index + 1,
  };
}

/** The order that may start now, or null: none while one runs, and no ordinary one under a hold. */
export function nextOrder(state: LaneState): Order | null {
  if (state.running !== null) return null;
  const next = state.queue.find(({ order }) => state.hold === null || order.kind === 'rollback');
  return next?.order ?? null;
}

/** Whether a request's deployment starts at this moment, so that its answer is worth waiting for. */
export function isStarting(state: LaneState, requestId: string): boolean {
  const order = state.running?.order ?? nextOrder(state);
  return order?.requestId === requestId && answerTo(state, requestId).deploymentId === null;
}

/** `order` is to be the next deployment. Its number counts, and its id is told, once Temporal has taken it. */
export function starting(state: LaneState, order: Order, now: string): LaneState {
  return { ...state, running: runningAs(state.target, { n: state.n + 1, order, startedAt: now }) };
}

/** Temporal has taken it: numbers have no gaps, and no deployment is ever taken for another. */
export function started(state: LaneState): LaneState {
  return state.running === null ? state : runs(state, state.running);
}

/** Temporal knew a deployment of that number already: the order waits where it was. */
export function notStarted(state: LaneState): LaneState {
  return { ...state, running: null };
}

/** A deployment of an earlier life of this lane, which has no record yet, takes the lane. */
export function adopted(state: LaneState, unfinished: UnfinishedDeployment): LaneState {
  return runs(state, runningAs(state.target, unfinished));
}

function runningAs(target: Target, { n, order, startedAt }: UnfinishedDeployment): RunningDeployment {
  return { n, deploymentId: formatDeploymentId(target, n), order, startedAt };
}

function runs(state: LaneState, running: RunningDeployment): LaneState {
  const { n, order, deploymentId } = running;
  const next = { ...withdrawn(state, order.requestId), n: Math.max(state.n, n), running };
  return remembering(next, { requestId: order.requestId, content: contentOf(order), deploymentId });
}

/** Takes an order out of the queue: nothing starts it any more. */
export function withdrawn(state: LaneState, requestId: string): LaneState {
  return { ...state, queue: state.queue.filter(({ order }) => order.requestId !== requestId) };
}

/** The running deployment has a record: a completed one is live and known healthy; any other changed neither. */
export function ended(state: LaneState, record: DeploymentRecord): LaneState {
  if (record.result !== 'completed' || record.artifact === null || record.deploymentId === null) {
    return { ...state, running: null };
  }
  const live = { ...record.artifact, deploymentId: record.deploymentId };
  return { ...state, running: null, live, knownHealthy: live, generation: state.generation + 1 };
}

/** A sealed act takes effect. */
export function acted(state: LaneState, act: Act, at: string): LaneState {
  switch (act.kind) {
    case 'hold':
      return { ...state, hold: { by: act.by, reason: act.reason, since: at } };
    case 'resume':
      return { ...state, hold: null };
    case 'order-ended':
      return withdrawn(state, act.record.requestId);
    case 'quarantine':
      return state.knownHealthy?.digest === act.digest ? { ...state, knownHealthy: null } : state;
    case 'unquarantine':
      return state;
  }
}

/** Nobody watches that release any more. */
export function unwatched(state: LaneState, { deploymentId }: WatchDuty): LaneState {
  return state.watch?.deploymentId === deploymentId ? { ...state, watch: null } : state;
}

/** Characters; an order's reason has at most 1000. */
const LONGEST_REASON = 900;

/** The rollback that a lane orders itself: its live release degraded after its completion (§12). */
export function degradationOrder({ target }: LaneState, degradation: Degradation, reason: string): RollbackOrder {
  return {
    kind: 'rollback',
    requestId: `watch:${degradation.deploymentId}`,
    target,
    by: 'slipway',
    reason: `HEALTH_DEGRADED: ${reason}`.slice(0, LONGEST_REASON),
    version: null,
    degradation,
  };
}

/** Whether a lane itself ordered it: a target that took itself back is held. */
export function isOwnRollback(order: Order): boolean {
  return order.kind === 'rollback' && order.degradation !== undefined;
}

/** Whether what an order is to take back is live no more: another deployment has begun, and has gone through. */
export function isOvertaken({ live }: LaneState, order: Order): boolean {
  if (order.kind !== 'rollback' || order.degradation === undefined) return false;
  return live?.deploymentId !== order.degradation.deploymentId;
}

/** The record of an order that is taken out of the queue before it began. */
export function recordOfQueued(order: Order, message: string): DeploymentRecord {
  const failure = { code: 'ABORTED', clause: null, stage: null, message } as const;
  return { ...openRecord(null, order), result: 'aborted', failure };
}

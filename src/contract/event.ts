import type { FailureCode } from './failure.ts';
import type { DeploymentRecord, Result } from './record.ts';
import type { LiveRelease, ReleaseRef } from './release.ts';

/**
 * What people are told of a target, each under the one name that says what has to be known:
 * - `deployed`, `upgraded`: completed, as the first release here or in place of another;
 * - `rolledback`: the version before is live again, after a deployment that went wrong, was aborted, or was ordered as a
 *   rollback;
 * - `removed`: a first deployment was taken out of service again;
 * - `rejected`, `failed`, `aborted`: it ended, and the runtime was never changed;
 * - `rollback-breached`: a rollback is past its bound, and still trying (§13);
 * - `rollback-failed`: a rollback ended without success;
 * - `degraded`: a release got worse after it had completed.
 */
export const EVENT_KINDS = [
  'deployed',
  'upgraded',
  'rolledback',
  'removed',
  'rejected',
  'failed',
  'aborted',
  'rollback-failed',
  'rollback-breached',
  'degraded',
] as const;

export type EventKind = (typeof EVENT_KINDS)[number];

/** Characters of a failure's message that go out: a page is read on a telephone. */
const MESSAGE_LENGTH = 500;

/** One thing that people are told. It names things and says what to do; it holds no contents and no secrets. */
export interface NotifiedEvent {
  /** `<deploymentId>:<kind>`: told again, it is the same event, and receivers can tell. */
  readonly id: string;
  readonly kind: EventKind;
  readonly deploymentId: string;
  /** `environment/component` */
  readonly target: string;
  readonly at: string;
  /** Null where the teller does not know it. */
  readonly change: string | null;
  /** What the deployment carries; null where none was built. */
  readonly release: ReleaseRef | null;
  /** What was live before it; null for nothing, or where that is not known. */
  readonly from: ReleaseRef | null;
  /** How the deployment ended; null while it goes on. */
  readonly result: Result | null;
  readonly failure: { readonly code: FailureCode; readonly message: string } | null;
  /** Whether a person has to act now, at 3 am as well. */
  readonly isUrgent: boolean;
  /** One line: what to do next; null where there is nothing to do. */
  readonly next: string | null;
}

/** Which events a receiver wants. */
export type Wanted = 'all' | 'urgent' | readonly EventKind[];

/** A receiver as workflows know it: by name. Where it is, and its secret, only the one who sends learns. */
export interface Receiver {
  readonly name: string;
  readonly events: Wanted;
}

export function wants(events: Wanted, { kind, isUrgent }: Pick<NotifiedEvent, 'kind' | 'isUrgent'>): boolean {
  if (events === 'all') return true;
  return events === 'urgent' ? isUrgent : events.includes(kind);
}

/**
 * What people are told of a deployment's end, from the record that was sealed.
 * @returns null for a record that nobody has to be told of: it has not ended, or was an order that a person took out of
 *   the queue.
 */
export function endedEvent(record: DeploymentRecord, at: string): NotifiedEvent | null {
  const { deploymentId, result, rollback } = record;
  if (deploymentId === null || result === null) return null;
  const kind = endedKind({ ...record, result });
  const isUrgent = kind === 'rollback-failed' || rollback?.outcome === 'late';
  return eventOf(
    { ...record, deploymentId },
    { kind, at, isUrgent, next: nextAfter(kind, { ...record, deploymentId }) },
  );
}

/** A rollback that is past its bound, told while it goes on trying. Null for an order without a deployment. */
export function breachedEvent({ record, at }: { record: DeploymentRecord; at: string }): NotifiedEvent | null {
  const { deploymentId } = record;
  if (deploymentId === null) return null;
  const next =
    `It goes on trying: find out what does not answer (slipway doctor); what cannot be mended is taken over with ` +
    `slipway takeover ${deploymentId} ${PERSON}`;
  return eventOf({ ...record, deploymentId }, { kind: 'rollback-breached', at, isUrgent: true, next });
}

/** The live release as it got worse under watch. */
export interface Degradation extends LiveRelease {
  readonly target: string;
  readonly reason: string;
  readonly at: string;
  /** Whether a rollback was begun; else there is nothing to return to. */
  readonly hasWayBack: boolean;
}

/** A release that got worse after it had completed, told as soon as it is seen. */
export function degradedEvent(degradation: Degradation): NotifiedEvent {
  const { deploymentId, target, version, digest, reason, at, hasWayBack } = degradation;
  const next = hasWayBack
    ? `A rollback was begun by itself: follow it with slipway status ${target}`
    : `There is no release to return to: see slipway logs ${target}, mend it, and deploy another build`;
  return {
    ...named(deploymentId, 'degraded'),
    target,
    at,
    change: null,
    release: { version, digest },
    from: null,
    result: null,
    failure: { code: 'HEALTH_DEGRADED', message: bounded(reason) },
    isUrgent: true,
    next,
  };
}

type Ended = DeploymentRecord & { readonly result: Result };
type Begun = DeploymentRecord & { readonly deploymentId: string };

function endedKind({ result, rollback, change, from }: Ended): EventKind {
  switch (result) {
    case 'completed':
      if (change.id.startsWith('rollback:')) return 'rolledback';
      return from === null ? 'deployed' : 'upgraded';
    case 'aborted':
    case 'rolled-back':
      if (rollback === null) return 'aborted';
      return rollback.outcome === 'removed' ? 'removed' : 'rolledback';
    case 'rejected':
    case 'failed':
    case 'rollback-failed':
      return result;
  }
}

/** Who acts, and why, as every act asks. */
const PERSON = '--by YOU --reason WHY';

function nextAfter(kind: EventKind, { deploymentId, target, result }: Begun): string | null {
  const look = `slipway status ${deploymentId}`;
  const resume = `slipway resume ${target} ${PERSON}`;
  switch (kind) {
    case 'rolledback':
    case 'removed':
      if (result === 'completed') return null;
      if (result === 'aborted') return `If the target is held, let it go on with ${resume}`;
      return `Find out why (${look}); then, if the target is held, ${resume}`;
    case 'rejected':
      return `Correct the change, or order another one: ${look} says what was wrong`;
    case 'failed':
      return `Nothing was switched: ${look} says whose fault it was; order again once that is mended`;
    case 'rollback-failed':
      return `Look at the runtime yourself and mend it; then ${resume}, then slipway rollback ${target} ${PERSON}`;
    case 'deployed':
    case 'upgraded':
    case 'aborted':
    case 'rollback-breached':
    case 'degraded':
      return null;
  }
}

function eventOf(record: Begun, said: Pick<NotifiedEvent, 'kind' | 'at' | 'isUrgent' | 'next'>): NotifiedEvent {
  const { deploymentId, target, change, artifact, from, result, failure } = record;
  return {
    ...named(deploymentId, said.kind),
    target,
    at: said.at,
    change: change.id,
    release: artifact,
    from,
    result,
    failure: failure && { code: failure.code, message: bounded(failure.message) },
    isUrgent: said.isUrgent,
    next: said.next,
  };
}

function named(deploymentId: string, kind: EventKind): Pick<NotifiedEvent, 'id' | 'kind' | 'deploymentId'> {
  return { id: `${deploymentId}:${kind}`, kind, deploymentId };
}

/** On one line, and cut. */
function bounded(message: string): string {
  const line = message.replaceAll(/\s+/g, ' ').trim();
  return line.length <= MESSAGE_LENGTH ? line : `${line.slice(0, MESSAGE_LENGTH - 1)}…`;
}

import type { RestorationReport, RuntimeState } from '../../src/contract/activities.ts';
import type { StagePredicate } from '../../src/contract/evidence.ts';
import type { FailureCode } from '../../src/contract/failure.ts';
import type { DeployOrder, Order, RollbackOrder } from '../../src/contract/order.ts';
import type { LiveRelease } from '../../src/contract/release.ts';
import type { SealedRecord } from '../../src/contract/sealed-record.ts';
import type { Stage } from '../../src/contract/stages.ts';
import type { Target } from '../../src/contract/target.ts';
import type { DataVersions } from '../../src/contract/way-back.ts';

export const TARGET: Target = { environment: 'staging', component: 'storefront' };
export const REVISION = '4f0c1d2e3a4b5c6d7e8f90123456789abcdef012';

export function orderOf(requestId: string, target = TARGET): DeployOrder {
  return { kind: 'deploy', requestId, target, by: 'ada', change: 'CHG-1', source: 'shop', revision: REVISION };
}

export function rollbackOf(requestId: string, version: string | null = null, target = TARGET): RollbackOrder {
  return { kind: 'rollback', requestId, target, by: 'ada', reason: 'customers complain', version };
}

/** How a deployment ends that does not complete. */
export interface Ending {
  readonly stage: Stage;
  readonly code: FailureCode;
  /** `failed` unless given: an abort or a termination leaves its stage `aborted`. */
  readonly as?: 'failed' | 'aborted';
  /** Whether the stage sealed that it failed; so unless it was aborted. */
  readonly seals?: boolean;
  /** What the runtime did then; nothing was tried unless given. Null: a person took over. */
  readonly restored?: RestorationReport['outcome'] | 'late' | null;
}

/** What somebody writes who can seal what he likes, and who seals everything that comes after on top of it. */
export interface Forgery {
  readonly evidence?: { readonly [S in Stage]?: (honest: StagePredicate<S>) => unknown };
  readonly record?: (honest: SealedRecord) => unknown;
  /** Stages that are recorded and never sealed. */
  readonly unsealed?: readonly Stage[];
}

export interface Plan {
  readonly order?: Order;
  /** What is built; other than before unless given. */
  readonly text?: string;
  /** What its manifest says of its data. */
  readonly data?: DataVersions;
  /** What a rollback on request returns to. */
  readonly returnTo?: LiveRelease;
  /** Its change declares that there is no way back, and so it is. */
  readonly irreversible?: true;
  /** Absent: it completes. */
  readonly ends?: Ending;
  readonly forge?: Forgery;
  /** What a hand did to the runtime before it began. */
  readonly hand?: (runtime: RuntimeState) => RuntimeState;
}

import type { Act, ActPredicate, Hold } from './acts.ts';
import type { Digest } from './digest.ts';
import type { NotifiedEvent, Receiver } from './event.ts';
import type { Consumed, Evidence } from './evidence.ts';
import type { Order } from './order.ts';
import type { DeploymentRecord, RecordedFailure } from './record.ts';
import type { LiveRelease } from './release.ts';
import type { Stage } from './stages.ts';
import type { Target } from './target.ts';
import type { WatchDuty, WatchReport } from './watch.ts';
import type { DataSeen } from './way-back.ts';

/** What every stage but the first is given: whose deployment it is, and the evidence before it. */
export interface StageInput<S extends Stage> {
  readonly deploymentId: string;
  readonly consumes: Consumed<S>;
}

/** What change intake is given: the order itself. */
export interface IntakeInput {
  readonly deploymentId: string;
  readonly order: Order;
}

/** What completion is given: also the record as far as it goes, with the stages in workflow time. */
export interface CompletionInput extends StageInput<'completion'> {
  readonly draft: DeploymentRecord;
}

/** What undoes a deployment: fenced by the generation that its activation made, or would have made. */
export interface RestorationInput {
  readonly deploymentId: string;
  readonly generation: number;
  readonly to: LiveRelease | null;
}

/**
 * - `restored`, `removed`: the runtime had changed, and shows the state before again;
 * - `unchanged`: the activation never happened, and never will;
 * - `left`: the runtime had changed, and stays so: there is no way back, as the deployment's change declares;
 * - `superseded`: the runtime has moved on under somebody else's generation;
 * - `recorded`: the deployment's record was sealed first; it stands, and nothing was restored.
 */
export interface RestorationReport {
  readonly outcome: 'restored' | 'removed' | 'unchanged' | 'left' | 'superseded' | 'recorded';
  /** What the runtime shows by this deployment; null when it was superseded, for then nobody knows. */
  readonly after: RuntimeState | null;
  /** Null where nothing was restored. Earlier versions lack it. */
  readonly data?: DataSeen | null;
}

/** What a runtime shows of a target. */
export interface RuntimeState {
  readonly generation: number;
  readonly live: LiveRelease | null;
}

export interface SealInput {
  readonly order: Order;
  readonly record: DeploymentRecord;
  /** What the runtime shows now, where that is known. */
  readonly after: RuntimeState | null;
}

/** All that a lane which begins cold can know: out of the store, the runtime and Temporal. */
export interface LaneFacts {
  readonly live: LiveRelease | null;
  readonly generation: number;
  readonly knownHealthy: LiveRelease | null;
  readonly hold: Hold | null;
  /** The live release, while it is to be watched. Earlier versions lack it. */
  readonly watch?: WatchDuty | null;
  /** The newest deployment number that was ever used. */
  readonly n: number;
  readonly recent: readonly RecentRequest[];
  /** Deployments that their lane was not done with: open ones to wait for, ended ones to settle or to keep. In order. */
  readonly unfinished: readonly UnfinishedDeployment[];
}

/** What a target is like now. */
export type LanePresent = Pick<LaneFacts, 'live' | 'generation' | 'knownHealthy' | 'hold' | 'watch'>;

export interface UnfinishedDeployment {
  readonly n: number;
  readonly order: Order;
  readonly startedAt: string;
}

export interface RecentRequest {
  readonly requestId: string;
  /** As `contentOf(order)` gives it. */
  readonly content: string;
  readonly deploymentId: string | null;
}

export interface SettleInput {
  readonly deploymentId: string;
  readonly order: Order;
  readonly startedAt: string;
}

/** One event, for one receiver of the platform file, by its name there. */
export interface DeliveryInput {
  readonly event: NotifiedEvent;
  readonly receiver: string;
}

/** Runs no code of a component and holds no credentials of a runtime. */
export interface OrchestratorActivities {
  admitChange(input: IntakeInput): Promise<Evidence<'change-intake'>>;
  markReleased(input: StageInput<'release'>): Promise<Evidence<'release'>>;
  /** Seals and reads back the record (§11); the first one sealed stands. */
  complete(input: CompletionInput): Promise<DeploymentRecord>;
  /** Seals the record of a deployment that did not complete, and its consequences: hold and quarantine. */
  sealRecord(input: SealInput): Promise<DeploymentRecord>;
  recoverLane(target: Target): Promise<LaneFacts>;
  /** Waits until an adopted deployment has closed; its record, or null when it ended without one. */
  awaitDeployment(deploymentId: string): Promise<DeploymentRecord | null>;
  sealAct(input: { readonly target: Target; readonly act: Act; readonly key: string }): Promise<ActPredicate>;
  /** Exports a closed deployment's history into the store; what the target looks like now. */
  archiveDeployment(deploymentId: string): Promise<LanePresent>;
  /** Sends an event to a receiver: done once it has answered with 2xx, or when it is not wanted there any more. */
  deliver(input: DeliveryInput): Promise<void>;
}

/** Runs a component's code, sandboxed; no credentials. */
export interface BuilderActivities {
  buildArtifact(input: StageInput<'build'>): Promise<Evidence<'build'>>;
  verifyArtifact(input: StageInput<'verification'>): Promise<Evidence<'verification'>>;
}

/** One environment's runtime, and nothing else. */
export interface DeployerActivities {
  activateRelease(input: StageInput<'deploy'>): Promise<Evidence<'deploy'>>;
  observeRelease(input: StageInput<'post-deploy-verification'>): Promise<Evidence<'post-deploy-verification'>>;
  restoreRelease(input: RestorationInput): Promise<RestorationReport>;
  /** Watches a live release until its time is over, it degrades, or another is live. */
  watchRelease(duty: WatchDuty): Promise<WatchReport>;
  /** Ends what is kept warm for a deployment that has ended. */
  retireRelease(deploymentId: string): Promise<void>;
  /** Restores and seals a deployment that ended without a record: terminated, or lost. */
  settleDeployment(input: SettleInput): Promise<DeploymentRecord>;
}

/** What an activity's failure carries beside its code and message. */
export interface FailureDetails {
  readonly clause: RecordedFailure['clause'];
  /** The evidence of the failed stage, where it sealed one. */
  readonly evidence: Digest | null;
  /** Who is told, where change intake says no; every other failure comes after its facts. */
  readonly receivers?: readonly Receiver[];
  /** Set when the deployment's record is already sealed: a reset or repeated run returns it. */
  readonly sealed?: DeploymentRecord;
}

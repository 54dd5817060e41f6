import type { AnswerCounts, Answers } from '../contract/answers.ts';
import type { LiveRelease } from '../contract/release.ts';
import type { Target } from '../contract/target.ts';

/**
 * What a runtime says about one target. `generation` counts every change of it and is the fencing token: who changes
 * the runtime names the generation that he makes, and only the next one is taken (§2).
 */
export interface Observation {
  readonly target: string;
  readonly generation: number;
  /** The declared state: what is live, by which deployment. Null when nothing is in service. */
  readonly live: LiveRelease | null;
  /** The live instance, as seen at this moment. */
  readonly instance: InstanceObservation | null;
  /** The instance kept ready to return to, until the deployment ends. */
  readonly warm: LiveRelease | null;
  /** Stable address, `http://127.0.0.1:PORT`; null for an agent. */
  readonly address: string | null;
  /** Where the component keeps its own state (`/instances`, §3). */
  readonly instanceFolder: string;
  /** File that holds the live instance's output. */
  readonly log: string | null;
  /** How the instances are kept apart on this machine; weaker kinds stand in the evidence. */
  readonly isolation: Isolation;
}

export type Isolation = 'bwrap' | 'unshare' | 'none';

export interface InstanceObservation {
  readonly id: string;
  readonly state: 'starting' | 'ready' | 'unhealthy' | 'exited';
  /** How often the runtime had to start it again since it was activated. */
  readonly restarts: number;
  readonly startedAt: string;
  /** Agents: milliseconds since the last heartbeat, or null where there is none. */
  readonly heartbeatAge: number | null;
}

/** What the runtime itself has counted at a target's stable address. */
export interface Measurement {
  /** Of the live instance, since the runtime began to count: counts only grow. Null where nothing is live, or it has no address. */
  readonly live: { readonly instance: string; readonly answers: Answers } | null;
  /** What users were last answered by the version before, for as long as its instance is kept warm: its last 200 answers. */
  readonly before: AnswerCounts | null;
}

/**
 * A request with this header at a stable address is a probe, not a user's; with the value `smoke` it is not counted at
 * all. The runtime takes the header away: an instance that could tell a probe could treat it better.
 */
export const PROBE_HEADER = 'slipway-probe';

export interface Activation {
  readonly target: Target;
  readonly deploymentId: string;
  /** The generation that this activation makes: observed + 1. */
  readonly generation: number;
  readonly release: LiveRelease;
}

export interface ActivationResult {
  readonly observation: Observation;
  /** SHA-256 over the instance folder after the old instance stopped and before the new one started; agents only. */
  readonly instanceFolderHashes: { readonly before: string; readonly after: string } | null;
}

export interface Restoration {
  readonly target: Target;
  readonly deploymentId: string;
  /** The generation that the deployment's activation made, or would have made. */
  readonly generation: number;
  /** What to return to; null takes the component out of service (a first deployment). */
  readonly to: LiveRelease | null;
  /**
   * What to do where the deployment's own activation is observed; `restore` unless given. `leave`: there is nothing
   * that could be returned to, so what is live stays live, and only an activation that has not come yet is kept away.
   */
  readonly whenActivated?: 'restore' | 'leave';
}

/**
 * - `restored` the version before is live again; `removed` nothing is in service again;
 * - `burned` the activation never happened and never will: its generation is used up, nothing else changed;
 * - `left` the activation happened and was left as it is, as was asked: nothing was done;
 * - `superseded` the runtime has moved on under somebody else's generation: nothing was done.
 */
export interface RestorationResult {
  readonly outcome: 'restored' | 'removed' | 'burned' | 'left' | 'superseded';
  readonly observation: Observation;
  /** As of an activation; null unless `restored`. */
  readonly instanceFolderHashes: ActivationResult['instanceFolderHashes'];
}

/** Whether a release could be returned to here, as seen at one moment. */
export interface Proof {
  /** The instance of it that is alive and was seen healthy; null when none stands ready, as of an agent, which is replaced. */
  readonly standing: 'live' | 'warm' | null;
}

/** The read-only side of a runtime: all that the orchestrator and on-call staff are given. */
export interface RuntimeObserver {
  /** @throws RUNTIME_UNAVAILABLE when the runtime does not answer. */
  observe(target: Target, signal?: AbortSignal): Promise<Observation>;
  /** @throws RUNTIME_UNAVAILABLE when the runtime does not answer. */
  measure(target: Target, signal?: AbortSignal): Promise<Measurement>;
}

/**
 * One runtime of one environment (§9: declarative). Each call states what is wanted; the driver converges on it, and a
 * call repeated after its answer was lost changes nothing more.
 */
export interface RuntimeDriver extends RuntimeObserver {
  /**
   * Looks whether `release` could be returned to, changing nothing: its artifact opens, its addresses resolve, its
   * secrets are there, and an
   * instance of it, live or warm, passes one look at its health now. Waits for no change that is under way.
   * @throws ADDRESS_UNRESOLVED, ARTIFACT_CORRUPT, INSTANCE_PATH_OVERLAP, SECRET_MISSING: there is no way back to it here.
   * @throws SECRET_UNAVAILABLE when that cannot be told.
   * @throws RUNTIME_UNAVAILABLE when the runtime does not answer.
   */
  prove(request: { readonly target: Target; readonly release: LiveRelease }, signal?: AbortSignal): Promise<Proof>;
  /**
   * Makes `release` live: starts it beside the old one, waits until it is ready, makes that durable, switches the
   * stable address, drains the old instance and keeps it warm.
   * @throws STALE_GENERATION unless `generation` is observed + 1, or is observed with this same state (then a no-op).
   * `signal` gives it up for as long as it has not switched; nothing has changed then. Agents cannot run side by side:
   * the new one is declared first, then the old one is stopped, so that what fails after that is undone by `restore`.
   * @throws SECRET_MISSING, SECRET_UNAVAILABLE: nothing has changed, of an agent neither.
   * @throws PORT_TAKEN, INSTANCE_DIED, INSTANCE_NEVER_READY, ADDRESS_UNRESOLVED, ARTIFACT_CORRUPT, INSTANCE_PATH_OVERLAP: not
   * switched (an agent may have been: observe).
   * @throws RUNTIME_UNAVAILABLE when the runtime does not answer, or another change interrupted it: ask again.
   */
  activate(activation: Activation, signal?: AbortSignal): Promise<ActivationResult>;
  /**
   * Undoes the activation of `generation`: observed as this deployment set it, the release before becomes live under
   * generation + 1; not yet observed (generation - 1), the generation is burned so that a late activation is stale.
   * Resolves only once the old version was seen ready.
   */
  restore(restoration: Restoration, signal?: AbortSignal): Promise<RestorationResult>;
  /** Ends whatever is kept warm for this deployment. */
  retire(request: { readonly target: Target; readonly deploymentId: string }): Promise<void>;
}

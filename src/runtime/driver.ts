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
}

/**
 * - `restored` the version before is live again; `removed` nothing is in service again;
 * - `burned` the activation never happened and never will: its generation is used up, nothing else changed;
 * - `superseded` the runtime has moved on under somebody else's generation: nothing was done.
 */
export interface RestorationResult {
  readonly outcome: 'restored' | 'removed' | 'burned' | 'superseded';
  readonly observation: Observation;
}

/** The read-only side of a runtime: all that the orchestrator and on-call staff are given. */
export interface RuntimeObserver {
  /** @throws RUNTIME_UNAVAILABLE when the runtime does not answer. */
  observe(target: Target, signal?: AbortSignal): Promise<Observation>;
}

/**
 * One runtime of one environment (§9: declarative). Each call states what is wanted; the driver converges on it, and a
 * call repeated after its answer was lost changes nothing more.
 */
export interface RuntimeDriver extends RuntimeObserver {
  /**
   * Makes `release` live: starts it beside the old one, waits until it is ready, makes that durable, switches the
   * stable address, drains the old instance and keeps it warm.
   * @throws STALE_GENERATION unless `generation` is observed + 1, or is observed with this same state (then a no-op).
   * `signal` gives it up for as long as it has not switched; nothing has changed then. Agents cannot run side by side:
   * the new one is declared first, then the old one is stopped, so that what fails after that is undone by `restore`.
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

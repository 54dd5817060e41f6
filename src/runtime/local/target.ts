import { SlipwayError } from '../../contract/failure.ts';
import type { LiveRelease } from '../../contract/release.ts';
import type {
  Activation,
  ActivationResult,
  Measurement,
  Observation,
  Proof,
  Restoration,
  RestorationResult,
} from '../driver.ts';
import { recordedIn, type TargetContext } from './context.ts';
import { createConvergence } from './convergence.ts';
import { judgeActivation, judgeRestoration } from './generation.ts';
import { createHealthWatch } from './health-watch.ts';
import { createLettingGo } from './letting-go.ts';
import { measureTarget } from './measurement.ts';
import { createMutex } from './mutex.ts';
import { observeTarget } from './observation.ts';
import { proveRelease } from './proof.ts';
import { specOf } from './spec.ts';
import type { InstanceRecord, TargetState } from './state.ts';
import { createSupervision, type Supervision } from './supervision.ts';
import type { UnpackedArtifact } from './unpacked.ts';

/** One target of a runtime: `RuntimeDriver` for it, and its supervision. */
export interface TargetRuntime extends Supervision {
  observe(): Promise<Observation>;
  measure(): Measurement;
  prove(release: LiveRelease, signal: AbortSignal): Promise<Proof>;
  /** `signal` gives it up for as long as nothing was switched. */
  activate(activation: Activation, signal: AbortSignal): Promise<ActivationResult>;
  restore(restoration: Restoration, signal: AbortSignal): Promise<RestorationResult>;
  retire(deploymentId: string): Promise<void>;
}

/** What a change declares; the rest of the state follows from it. */
type Declaration = Pick<TargetState, 'generation' | 'act'> & { readonly live: LiveRelease };

export function createTargetRuntime(context: TargetContext): TargetRuntime {
  const { target, name, artifacts, addresses, instances, closing, state, save } = context;
  const mutex = createMutex();
  const convergence = createConvergence(context);
  const health = createHealthWatch(instances);
  const lettingGo = createLettingGo(context);
  const supervision = createSupervision(context, { mutex, convergence, health });

  function observe(): Promise<Observation> {
    return observeTarget(context, { health, starting: convergence.underWay });
  }

  function prove(release: LiveRelease, signal: AbortSignal): Promise<Proof> {
    return proveRelease(context, release, AbortSignal.any([signal, closing]));
  }

  async function activate(activation: Activation, signal: AbortSignal): Promise<ActivationResult> {
    const overtakes = judgeActivation(state(), activation) === 'make';
    const takeTurn = overtakes ? convergence.overtake(activation.deploymentId) : null;
    return mutex.run(async () => {
      takeTurn?.();
      const { deploymentId, generation, release } = activation;
      const verdict = judgeActivation(state(), activation);
      if (verdict === 'stale') throw stale(name, activation, state());
      if (verdict === 'same') await convergence.run();
      else await make({ generation, live: release, act: { kind: 'activated', deploymentId, generation } }, signal);
      return { observation: await observe(), instanceFolderHashes: state().hashes };
    });
  }

  async function restore(restoration: Restoration, signal: AbortSignal): Promise<RestorationResult> {
    const overtakes = 'todo' in judgeRestoration(state(), restoration);
    const takeTurn = overtakes ? convergence.overtake(restoration.deploymentId) : null;
    return mutex.run(async () => {
      takeTurn?.();
      const { deploymentId, generation, to } = restoration;
      const verdict = judgeRestoration(state(), restoration);
      if ('outcome' in verdict) {
        if (verdict.outcome === 'restored') await convergence.run();
      } else if (verdict.todo === 'burn') {
        await save({ ...state(), generation, act: { kind: 'burned', deploymentId, generation } });
      } else if (to === null) {
        await remove({ ...state(), generation: generation + 1, act: { kind: 'removed', deploymentId, generation } });
      } else {
        const act = { kind: 'restored', deploymentId, generation } as const;
        await make({ generation: generation + 1, live: to, act }, signal);
      }
      const done = judgeRestoration(state(), restoration);
      const outcome = 'outcome' in done ? done.outcome : 'superseded';
      const instanceFolderHashes = outcome === 'restored' ? state().hashes : null;
      return { outcome, observation: await observe(), instanceFolderHashes };
    });
  }

  /** Makes another release live: beside the old one where there is an address to switch, in its place for an agent. */
  async function make(declaration: Declaration, signal: AbortSignal): Promise<void> {
    const artifact = await artifacts.open(target.component, declaration.live.digest);
    const either = AbortSignal.any([signal, closing]);
    const alone = artifact.manifest.kind === 'agent' || state().instance?.port === null;
    await (alone ? replace(declaration, artifact, either) : switchOver(declaration, artifact, either));
  }

  /** Start, ready, save, switch: until it is saved nothing has changed, and from then on it is live whatever happens. */
  async function switchOver(declaration: Declaration, artifact: UnpackedArtifact, signal: AbortSignal): Promise<void> {
    const before = state();
    const address = await addresses.open(name);
    const warm = await takeWarm(declaration, artifact, signal);
    const instance = warm ?? (await instances.start(await specOf(context, artifact), signal));
    const after = { ...declaration, instance, warm: keepWarm(declaration, before), restarts: 0, hashes: null };
    try {
      signal.throwIfAborted();
      await save(after);
    } catch (error) {
      if (warm === null) await instances.end(instance);
      throw error;
    }
    address.switchTo(instance);
    lettingGo.begin(before, after);
  }

  /** The instance that was kept to return to, if it still answers. */
  async function takeWarm(
    { act, live }: Declaration,
    artifact: UnpackedArtifact,
    signal: AbortSignal,
  ): Promise<InstanceRecord | null> {
    const { warm } = state();
    if (act?.kind !== 'restored' || warm === null || warm.release.digest !== live.digest) return null;
    const seen = await instances.look(warm.instance, await specOf(context, artifact, warm.instance.port), signal);
    return seen === null && instances.isAlive(warm.instance) ? warm.instance : null;
  }

  /** Two agents at once would both work on the instance folder: save, end the old one, and only then start the new one. */
  async function replace(declaration: Declaration, artifact: UnpackedArtifact, signal: AbortSignal): Promise<void> {
    const before = state();
    // What it lacks is told before the old one is ended.
    await (await specOf(context, artifact, null)).secrets.read();
    signal.throwIfAborted();
    await save({ ...declaration, instance: null, warm: null, restarts: 0, hashes: null });
    addresses.find(name)?.switchTo(null);
    await Promise.all(recordedIn(before).map((instance) => instances.end(instance)));
    // From here on it goes on without its caller: only another change gives it up.
    await convergence.run();
  }

  async function remove(next: TargetState): Promise<void> {
    const before = state();
    const after = { ...next, live: null, instance: null, warm: null };
    await save(after);
    addresses.find(name)?.switchTo(null);
    lettingGo.begin(before, after);
  }

  async function retire(deploymentId: string): Promise<void> {
    await mutex.run(async () => {
      const before = state();
      if (before.warm === null || before.act?.deploymentId !== deploymentId) return;
      const after = { ...before, warm: null };
      await save(after);
      lettingGo.begin(before, after);
    });
    await lettingGo.done();
  }

  async function close(): Promise<void> {
    await supervision.close();
    await lettingGo.done();
  }

  return { ...supervision, observe, measure: () => measureTarget(context), prove, activate, restore, retire, close };
}

/** An activation keeps the version before, to return to; a restoration keeps nothing. */
function keepWarm({ act }: Declaration, { live, instance }: TargetState): TargetState['warm'] {
  return act?.kind === 'activated' && live !== null && instance !== null ? { release: live, instance } : null;
}

function stale(name: string, { deploymentId, generation }: Activation, state: TargetState): SlipwayError {
  const by = state.act === null ? 'nobody yet' : `deployment ${state.act.deploymentId}`;
  return new SlipwayError(
    'STALE_GENERATION',
    `${name}: deployment ${deploymentId} would make generation ${generation}, but ${state.generation} is observed (set by ${by}) and only ${state.generation + 1} would be taken. The runtime has moved on: start a new deployment.`,
  );
}

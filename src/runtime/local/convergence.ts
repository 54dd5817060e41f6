import { SlipwayError } from '../../contract/failure.ts';
import type { TargetContext } from './context.ts';
import { hashFolder, openInstanceFolder } from './instance-folder.ts';
import { specOf } from './spec.ts';
import type { UnpackedArtifact } from './unpacked.ts';

/** Makes true what is declared: an instance of the live release runs, and was seen ready. */
export interface Convergence {
  /** Does nothing but look when it is true already. @throws INSTANCE_DIED, INSTANCE_NEVER_READY, PORT_TAKEN, … */
  run(): Promise<void>;
  /**
   * Gives up the attempt that is under way, and those that come before the caller has his turn: a change of what is
   * declared need not wait for what was declared before. Returns what he calls when he has it.
   */
  overtake(deploymentId: string): () => void;
  readonly underWay: boolean;
}

export function createConvergence(context: TargetContext): Convergence {
  const { target, name, artifacts, addresses, instances, closing, state, save } = context;
  let overtaken = new AbortController();
  let overtakers = 0;
  let underWay = false;

  async function run(): Promise<void> {
    const { live, instance } = state();
    if (live === null) return;
    const signal = AbortSignal.any([overtaken.signal, closing]);
    signal.throwIfAborted();
    underWay = true;
    try {
      const artifact = await artifacts.open(target.component, live.digest);
      if (instance !== null && instances.isAlive(instance)) {
        await instances.waitUntilReady(instance, await specOf(context, artifact, instance.port), signal);
      } else {
        // Its own process has ended; what that started may not have.
        if (instance !== null) await instances.end(instance);
        await startAgain(artifact, signal);
      }
    } finally {
      underWay = false;
    }
  }

  async function startAgain(artifact: UnpackedArtifact, signal: AbortSignal): Promise<void> {
    const agent = artifact.manifest.kind === 'agent';
    const address = agent ? null : await addresses.open(name);
    const folder = await openInstanceFolder(context.instancesFolder, target, context.folder);
    // Nothing of an agent runs now: whatever changes between these two hashes, a deployment has changed (§15).
    const before = agent && state().hashes === null ? await hashFolder(folder) : null;
    const spec = await specOf(context, artifact);
    if (before !== null) await save({ ...state(), hashes: { before, after: await hashFolder(folder) } });
    const instance = await instances.start(spec, signal);
    await save({ ...state(), instance });
    address?.switchTo(instance);
  }

  return {
    run,
    overtake(deploymentId) {
      // Whether the generation that was being made still stands is judged when it is asked for again.
      const message = `${name}: interrupted by a change that deployment ${deploymentId} asks for. Ask again.`;
      overtaken.abort(new SlipwayError('RUNTIME_UNAVAILABLE', message));
      overtakers += 1;
      return () => {
        overtakers -= 1;
        if (overtakers === 0) overtaken = new AbortController();
      };
    },
    get underWay() {
      return underWay;
    },
  };
}

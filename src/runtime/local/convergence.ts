import { SlipwayError } from '../../contract/failure.ts';
import type { TargetContext } from './context.ts';
import { hashFolder, openInstanceFolder } from './instance-folder.ts';
import { specOf } from './spec.ts';
import type { UnpackedArtifact } from './unpacked.ts';

/** Makes true what is declared: an instance of the live release runs, and was seen ready. */
export interface Convergence {
  /** Does nothing but look when it is true already. @throws INSTANCE_DIED, INSTANCE_NEVER_READY, PORT_TAKEN, … */
  run(): Promise<void>;
  /** Gives up an attempt that is under way: a change of what is declared need not wait for it. */
  overtake(deploymentId: string): void;
  readonly underWay: boolean;
}

export function createConvergence(context: TargetContext): Convergence {
  const { target, name, artifacts, addresses, instances, closing, state, save } = context;
  let attempt: AbortController | null = null;

  async function run(): Promise<void> {
    const { live, instance } = state();
    if (live === null) return;
    attempt = new AbortController();
    const signal = AbortSignal.any([attempt.signal, closing]);
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
      attempt = null;
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
    address?.switchTo(instance.port);
  }

  return {
    run,
    overtake(deploymentId) {
      attempt?.abort(new SlipwayError('STALE_GENERATION', `${name}: overtaken by deployment ${deploymentId}.`));
    },
    get underWay() {
      return attempt !== null;
    },
  };
}

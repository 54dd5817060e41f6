import type { LiveRelease } from '../../contract/release.ts';
import type { Proof } from '../driver.ts';
import type { TargetContext } from './context.ts';
import { specOf } from './spec.ts';
import type { InstanceRecord, TargetState } from './state.ts';

/** `RuntimeDriver.prove` for one target: it only looks, so it needs no turn. */
export async function proveRelease(context: TargetContext, release: LiveRelease, signal: AbortSignal): Promise<Proof> {
  const { target, artifacts, instances, state } = context;
  const artifact = await artifacts.open(target.component, release.digest);
  const spec = await specOf(context, artifact, null);
  await spec.secrets.read();
  // An agent is replaced, not switched: what runs now has ended before it would be returned to.
  if (artifact.manifest.kind === 'agent') return { standing: null };
  for (const { standing, instance } of instancesOf(release, state())) {
    const seen = await instances.look(instance, { ...spec, port: instance.port }, signal);
    signal.throwIfAborted();
    // Asked after the look: the answer may have come from another program on a dead instance's port.
    if (seen === null && instances.isAlive(instance)) return { standing };
  }
  return { standing: null };
}

interface Standing {
  readonly standing: 'live' | 'warm';
  readonly instance: InstanceRecord;
}

function instancesOf({ digest }: LiveRelease, { live, instance, warm }: TargetState): readonly Standing[] {
  const standing: Standing[] = [];
  if (live?.digest === digest && instance !== null) standing.push({ standing: 'live', instance });
  if (warm?.release.digest === digest) standing.push({ standing: 'warm', instance: warm.instance });
  return standing;
}

import type { Logger } from 'pino';
import type { Target } from '../../contract/target.ts';
import type { Addresses } from './addresses.ts';
import type { Instances } from './instances.ts';
import type { RuntimeSecrets } from './secrets.ts';
import type { InstanceRecord, TargetState } from './state.ts';
import type { UnpackedArtifacts } from './unpacked.ts';

/** One target of a runtime, and what its parts work with. */
export interface TargetContext {
  readonly target: Target;
  /** `environment/component` */
  readonly name: string;
  /** The runtime's own folder. */
  readonly folder: string;
  /** The root of all instance folders. */
  readonly instancesFolder: string;
  readonly artifacts: UnpackedArtifacts;
  readonly addresses: Addresses;
  readonly instances: Instances;
  readonly secrets: RuntimeSecrets;
  readonly logger: Logger;
  /** Aborted when the runtime stops. */
  readonly closing: AbortSignal;
  /** What is declared. */
  readonly state: () => TargetState;
  /** Declares something else; durable once it resolves. */
  readonly save: (next: TargetState) => Promise<void>;
}

/** The instances that a state speaks of: the live one and the warm one. */
export function recordedIn({ instance, warm }: TargetState): readonly InstanceRecord[] {
  return [instance, warm?.instance ?? null].filter((record) => record !== null);
}

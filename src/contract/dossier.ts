import type { RuntimeState } from './activities.ts';
import type { Chain, Fault } from './chain.ts';
import type { Digest } from './digest.ts';
import type { SealedRecord } from './sealed-record.ts';

/** A record as it stands in the store, and its name there. */
export interface NamedRecord extends SealedRecord {
  readonly digest: Digest;
  /** The name of the key that signed it; null for records of versions that did not sign. */
  readonly key?: string | null;
}

/** A deployment that came after, and the state of the runtime that it found; null where it looked at none. */
export interface Successor extends SealedRecord {
  readonly found: RuntimeState | null;
}

/** All that the store holds about one deployment, and its neighbours in the target's chain. */
export interface Dossier {
  readonly deploymentId: string;
  readonly n: number;
  readonly sealed: NamedRecord;
  /** The sealed evidence, by stage, passed or failed. */
  readonly chain: Chain;
  /** What decided the seventh stage: the record of this digest, or that it is restored; null when nothing did. */
  readonly outcome: Digest | 'restoration' | null;
  /** The record before; null when there is none in the store. */
  readonly before: NamedRecord | null;
  /** What the record after names as the one before it; undefined while there is no record after. */
  readonly namedByNext: Digest | null | undefined;
  /** Numbers of the target's deployments that have a record, rising. */
  readonly recorded: readonly number[];
  /** The records after this one, for as long as this deployment's release stayed live. */
  readonly whileLive: readonly Successor[];
  /** The record of the deployment whose release this one returned to, on request. */
  readonly returnedTo: SealedRecord | null;
  /** What is wrong with the bytes that it speaks of: the artifact, the platform file; null when they are whole. */
  readonly bytesFault: Fault | null;
  /** What is wrong with its verdicts, reckoned again from their evidence (§10, §11, §12); null when nothing is. */
  readonly verdictFault: Fault | null;
  /** What is wrong with the target's acts: those before it, and those that follow from it; null when they are whole. */
  readonly actsFault: string | null;
}

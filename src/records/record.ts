import type { ComponentStore } from '../artifacts/store.ts';
import { readDocument, sealDocument } from '../artifacts/sealed.ts';
import { hexOf, type Digest } from '../contract/digest.ts';
import { SlipwayError } from '../contract/failure.ts';
import type { DeploymentRecord } from '../contract/record.ts';
import type { RestorationIntent, SealedRecord } from '../contract/sealed-record.ts';
import { believe, claimOfKeeper, isActedOn, requireBound } from './belief.ts';
import { DOCUMENT, PREDICATE, stateThat } from './document-types.ts';
import { readEvidence } from './evidence.ts';
import { deploymentBefore, deploymentOf, nameOf, targetOf } from './names.ts';

/** A record as it stands in the store. */
export interface StandingRecord extends SealedRecord {
  readonly digest: Digest;
  /** The name of the key that signed it; null for records of versions that did not sign. */
  readonly key: string | null;
}

/** The record of a deployment, or null while it has none. @throws UNTRUSTED_EVIDENCE, ARTIFACT_CORRUPT */
export async function readRecord(store: ComponentStore, deploymentId: string): Promise<StandingRecord | null> {
  return await readRecordNamed(store, nameOf.record, deploymentId);
}

/**
 * The record that stands for a deployment: also one that has decided its seventh stage, and whose sealing was cut short
 * before it had a name of its own. Null while there is none.
 */
export async function standingRecord(store: ComponentStore, deploymentId: string): Promise<StandingRecord | null> {
  const sealed = await readRecord(store, deploymentId);
  const standing = sealed ?? (await readRecordNamed(store, nameOf.outcome, deploymentId));
  if (standing === null) return null;
  if (!(await isActedOn(store, standing.key))) {
    throw new SlipwayError('UNTRUSTED_EVIDENCE', `nobody signed the record of ${deploymentId}: nothing is done by it`);
  }
  return sealed ?? (await sealRecord(store, standing));
}

/**
 * Seals the record of a deployment. The seventh stage is completion *or* rollback, and one name in the store decides
 * which: the first of a sealed record and a claim to restore stands there for ever. A completed record that finds the
 * claim is too late; any other record belongs to that claim.
 * @returns the record that stands, which may be an earlier one
 * @throws EVIDENCE_REUSED when a restoration was claimed before this completed record
 */
export async function sealRecord(store: ComponentStore, sealed: SealedRecord): Promise<StandingRecord> {
  const id = idOf(sealed.record);
  await seal(store, nameOf.outcome(id), sealed);
  const decided = await readRecordNamed(store, nameOf.outcome, id);
  if (decided === null && sealed.record.result === 'completed') {
    throw new SlipwayError(
      'EVIDENCE_REUSED',
      `${id} cannot complete: its restoration has begun; it ends as rolled back`,
    );
  }
  await seal(store, nameOf.record(id), decided ?? sealed);
  const standing = await readRecord(store, id);
  if (standing === null)
    throw new SlipwayError('STORE_UNAVAILABLE', `the record of ${id} was sealed and cannot be read back`);
  return standing;
}

/**
 * Claims that a deployment is being restored, unless its record has decided the seventh stage already.
 * @returns that record, or null when the claim holds.
 */
export async function claimRestoration(
  store: ComponentStore,
  intent: RestorationIntent,
): Promise<StandingRecord | null> {
  const name = nameOf.outcome(intent.deploymentId);
  const statement = stateThat(PREDICATE.intent, intent);
  await sealDocument({ store, name, artifactType: DOCUMENT.intent, statement });
  return await readRecordNamed(store, nameOf.outcome, intent.deploymentId);
}

/** Whether the seventh stage of a deployment is decided already: no stage of it is carried out any more. */
export async function isDecided(store: ComponentStore, deploymentId: string): Promise<boolean> {
  return (await store.resolve(nameOf.outcome(deploymentId))) !== null;
}

/** The claim that a deployment is being restored, as the first who made it sealed it; null where there is none. */
export async function readClaim(store: ComponentStore, deploymentId: string): Promise<RestorationIntent | null> {
  const found = await readDocument(store, nameOf.outcome(deploymentId));
  if (found === null || found.statement.predicateType === PREDICATE.record) return null;
  const intent = found.statement.predicate as RestorationIntent;
  requireBound(intent.deploymentId === deploymentId, `the claim to restore ${deploymentId}`);
  const { environment } = deploymentOf(deploymentId);
  await believe(store, found, claimOfKeeper(environment, intent.at), `the claim to restore ${deploymentId}`);
  return intent;
}

/** What decided the seventh stage: the record of this digest, or that the deployment is restored; null while nothing has. */
export async function readOutcome(store: ComponentStore, deploymentId: string): Promise<Digest | 'restoration' | null> {
  const record = await readRecordNamed(store, nameOf.outcome, deploymentId);
  if (record !== null) return record.digest;
  return (await readClaim(store, deploymentId)) === null ? null : 'restoration';
}

/** Digest of the record before, which the next one names (§14). @throws STORE_UNAVAILABLE while it is not sealed yet. */
export async function previousRecordOf(store: ComponentStore, deploymentId: string): Promise<Digest | null> {
  const before = deploymentBefore(deploymentId);
  if (before === null) return null;
  const record = await readRecord(store, before);
  if (record === null) throw new SlipwayError('STORE_UNAVAILABLE', `the record of ${before} is not in the store (§14)`);
  return record.digest;
}

async function seal(
  store: ComponentStore,
  name: string,
  { record, order, after, sealedAt }: SealedRecord,
): Promise<void> {
  const { artifact } = record;
  const image = artifact && (await store.resolve(artifact.version));
  const subject = artifact === null ? [] : [{ name: store.component, digest: { sha256: hexOf(artifact.digest) } }];
  const predicate: SealedRecord = { record, order, after, sealedAt };
  const statement = stateThat(PREDICATE.record, predicate, subject);
  await sealDocument({ store, name, artifactType: DOCUMENT.record, statement, ...(image && { subject: image }) });
}

/** Null too when something else than a record stands under that name: a claim to restore. */
async function readRecordNamed(
  store: ComponentStore,
  name: (deploymentId: string) => string,
  deploymentId: string,
): Promise<StandingRecord | null> {
  const found = await readDocument(store, name(deploymentId));
  if (found === null || found.statement.predicateType !== PREDICATE.record) return null;
  const sealed = found.statement.predicate as SealedRecord;
  if (typeof sealed.sealedAt !== 'string') throw new TypeError('a record that does not say when it was sealed');
  const { deploymentId: id, target } = sealed.record;
  requireBound(id === deploymentId && target === targetOf(deploymentId), `the record of ${deploymentId}`);
  const claim = claimOfKeeper(deploymentOf(deploymentId).environment, sealed.sealedAt);
  const key = await believe(store, found, claim, `the record of ${deploymentId}`);
  if (key === null) await refuseNewerEvidence(store, deploymentId);
  return { ...sealed, digest: found.digest, key };
}

/** Whoever holds no key can give a record a date from before anything was signed, but signs no evidence for it. */
async function refuseNewerEvidence(store: ComponentStore, deploymentId: string): Promise<void> {
  const intake = await readEvidence(store, deploymentId, 'change-intake');
  if (intake === null || intake.key === null) return;
  throw new SlipwayError(
    'UNTRUSTED_EVIDENCE',
    `nobody signed its record, though the evidence of ${deploymentId} is signed: find out who wrote in the store`,
  );
}

function idOf(record: DeploymentRecord): string {
  if (record.deploymentId === null) throw new TypeError('an order that ended in the queue is sealed as an act');
  return record.deploymentId;
}

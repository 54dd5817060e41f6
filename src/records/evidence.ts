import { saysTheSame } from '../artifacts/canonical.ts';
import type { ComponentStore, Descriptor } from '../artifacts/store.ts';
import { readDocument, readEnvelope, sealDocument, type Document } from '../artifacts/sealed.ts';
import { hexOf, type Digest } from '../contract/digest.ts';
import type { Subject } from '../contract/envelope.ts';
import type { StagePredicate } from '../contract/evidence.ts';
import { SlipwayError } from '../contract/failure.ts';
import { SLSA, stageIn, statementOf } from '../contract/slsa.ts';
import type { Stage } from '../contract/stages.ts';
import { believe, claimOfEvidence, isActedOn, requireBound, requireSigned } from './belief.ts';
import { DOCUMENT } from './document-types.ts';
import { nameOf, targetOf } from './names.ts';

/** A stage's evidence as it stands in the store: its name, and what it says. */
export interface SealedEvidence<S extends Stage = Stage> {
  readonly digest: Digest;
  readonly predicate: StagePredicate<S>;
  readonly subject: readonly Subject[];
  /** The name of the key that signed it; null for evidence of versions that did not sign. */
  readonly key: string | null;
  readonly document: Document;
}

/** The evidence of one stage of a deployment, or null while there is none. @throws UNTRUSTED_EVIDENCE, ARTIFACT_CORRUPT */
export async function readEvidence<S extends Stage>(
  store: ComponentStore,
  deploymentId: string,
  stage: S,
): Promise<SealedEvidence<S> | null> {
  const found = await readDocument(store, nameOf.evidence(deploymentId, stage));
  if (found === null) return null;
  const evidence = await asEvidence(store, stage, found);
  const { predicate } = evidence;
  const isOwn = predicate.deploymentId === deploymentId && targetOf(deploymentId) === predicate.target;
  requireBound(isOwn, `the evidence of ${stage} of ${deploymentId}`);
  return evidence;
}

/**
 * The evidence that `digest` names.
 * @throws UNTRUSTED_EVIDENCE when it is of another stage, or not signed by who may; ARTIFACT_CORRUPT
 */
export async function readEvidenceByDigest<S extends Stage>(
  store: ComponentStore,
  stage: S,
  digest: Digest,
): Promise<SealedEvidence<S>> {
  return await asEvidence(store, stage, await readEnvelope(store, digest));
}

/** As tools list what an image has: some of the evidence is in a form that is not Slipway's own. */
const ARTIFACT_TYPE: Readonly<Record<string, string>> = {
  [SLSA.provenance]: DOCUMENT.provenance,
  [SLSA.summary]: DOCUMENT.summary,
};

/**
 * The evidence of one stage of a deployment, by which something is done: signed, wherever signatures count.
 * @throws UNTRUSTED_EVIDENCE, ARTIFACT_CORRUPT
 */
export async function readSignedEvidence<S extends Stage>(
  store: ComponentStore,
  deploymentId: string,
  stage: S,
): Promise<SealedEvidence<S> | null> {
  const evidence = await readEvidence(store, deploymentId, stage);
  if (evidence === null || (await isActedOn(store, evidence.key))) return evidence;
  throw new SlipwayError('UNTRUSTED_EVIDENCE', `nobody signed the evidence of ${stage} of ${deploymentId}`);
}

/** Seals what a stage proved. The first evidence of a stage stands, so a repeated activity changes nothing. */
export async function sealEvidence<S extends Stage>(
  store: ComponentStore,
  predicate: StagePredicate<S>,
  image: Descriptor | null,
): Promise<SealedEvidence<S>> {
  const { stage, deploymentId } = predicate;
  const subject = image === null ? [] : [{ name: store.component, digest: { sha256: hexOf(image.digest) } }];
  const statement = statementOf(predicate, subject);
  const { digest } = await sealDocument({
    store,
    name: nameOf.evidence(deploymentId, stage),
    artifactType: ARTIFACT_TYPE[statement.predicateType] ?? DOCUMENT.evidence,
    statement,
    ...(image && { subject: image }),
  });
  return await readEvidenceByDigest(store, stage, digest);
}

/**
 * Before something is done by it.
 * @param acting the deployment is going on; false for what has been done, which a key may have signed before it was revoked
 * @throws UNTRUSTED_EVIDENCE for evidence that is not signed by the role of its stage
 */
export async function requireSignedEvidence(
  store: ComponentStore,
  { predicate, document }: SealedEvidence,
  acting: boolean,
): Promise<void> {
  await requireSigned(store, document, claimOfEvidence(predicate), { what: nameFor(predicate), acting });
}

async function asEvidence<S extends Stage>(
  store: ComponentStore,
  stage: S,
  document: Document,
): Promise<SealedEvidence<S>> {
  const { digest, statement } = document;
  const predicate = stageIn(stage, statement, saysTheSame);
  if (predicate === null) {
    throw new SlipwayError(
      'UNTRUSTED_EVIDENCE',
      `${digest} is ${statement.predicateType}; expected the evidence of ${stage}: submit the change again`,
    );
  }
  const key = await believe(store, document, claimOfEvidence(predicate), nameFor(predicate));
  return { digest, predicate, subject: statement.subject, key, document };
}

function nameFor({ stage, deploymentId }: StagePredicate): string {
  return `the evidence of ${stage} of ${deploymentId}`;
}

import type { ComponentStore, Descriptor } from '../artifacts/store.ts';
import { readDocument, readEnvelope, sealDocument } from '../artifacts/sealed.ts';
import { hexOf, type Digest } from '../contract/digest.ts';
import type { Statement, Subject } from '../contract/envelope.ts';
import type { StagePredicate } from '../contract/evidence.ts';
import { SlipwayError } from '../contract/failure.ts';
import type { Stage } from '../contract/stages.ts';
import { DOCUMENT, PREDICATE, stateThat } from './document-types.ts';
import { nameOf } from './names.ts';

/** A stage's evidence as it stands in the store: its name, and what it says. */
export interface SealedEvidence<S extends Stage = Stage> {
  readonly digest: Digest;
  readonly predicate: StagePredicate<S>;
  readonly subject: readonly Subject[];
}

/** The evidence of one stage of a deployment, or null while there is none. @throws ARTIFACT_CORRUPT */
export async function readEvidence<S extends Stage>(
  store: ComponentStore,
  deploymentId: string,
  stage: S,
): Promise<SealedEvidence<S> | null> {
  const found = await readDocument(store, nameOf.evidence(deploymentId, stage));
  return found && asEvidence(stage, found.digest, found.statement);
}

/** The evidence that `digest` names. @throws UNTRUSTED_EVIDENCE when it is of another stage, ARTIFACT_CORRUPT */
export async function readEvidenceByDigest<S extends Stage>(
  store: ComponentStore,
  stage: S,
  digest: Digest,
): Promise<SealedEvidence<S>> {
  return asEvidence(stage, digest, (await readEnvelope(store, digest)).statement);
}

/** Seals what a stage proved. The first evidence of a stage stands, so a repeated activity changes nothing. */
export async function sealEvidence<S extends Stage>(
  store: ComponentStore,
  predicate: StagePredicate<S>,
  image: Descriptor | null,
): Promise<SealedEvidence<S>> {
  const { stage, deploymentId } = predicate;
  const subject = image === null ? [] : [{ name: store.component, digest: { sha256: hexOf(image.digest) } }];
  const { digest } = await sealDocument({
    store,
    name: nameOf.evidence(deploymentId, stage),
    artifactType: DOCUMENT.evidence,
    statement: stateThat(PREDICATE.evidence(stage), predicate, subject),
    ...(image && { subject: image }),
  });
  return await readEvidenceByDigest(store, stage, digest);
}

function asEvidence<S extends Stage>(stage: S, digest: Digest, statement: Statement): SealedEvidence<S> {
  if (statement.predicateType !== PREDICATE.evidence(stage)) {
    throw new SlipwayError(
      'UNTRUSTED_EVIDENCE',
      `${digest} is ${statement.predicateType}; expected the evidence of ${stage}: submit the change again`,
    );
  }
  return { digest, predicate: statement.predicate as StagePredicate<S>, subject: statement.subject };
}

import type { ArtifactStore } from '../artifacts/store.ts';
import type { Fault } from '../contract/chain.ts';
import { faultOf } from '../contract/checker.ts';
import { SlipwayError } from '../contract/failure.ts';
import { signersOf, type SignedDocument } from '../contract/signers.ts';
import { gatherDossier } from './dossier.ts';

/** What the checker says of one deployment; clause and reason are null exactly when it is VALID. */
export interface Verification {
  readonly id: string;
  readonly verdict: 'VALID' | 'INVALID';
  readonly clause: string | null;
  readonly reason: string | null;
  /** Who signed what, as far as it could be read. */
  readonly signers: readonly SignedDocument[];
}

/**
 * Checks a finished deployment from the store alone, by the keys of the store's notary: no server, and nothing that the
 * pipeline said about itself.
 * @throws UNKNOWN_DEPLOYMENT when the store has never heard of it
 */
export async function verifyDeployment(artifacts: ArtifactStore, deploymentId: string): Promise<Verification> {
  const { fault, signers } = await examine(artifacts, deploymentId);
  const { clause, reason } = fault ?? { clause: null, reason: null };
  return { id: deploymentId, verdict: fault === null ? 'VALID' : 'INVALID', clause, reason, signers };
}

interface Examined {
  readonly fault: Fault | null;
  readonly signers: readonly SignedDocument[];
}

async function examine(artifacts: ArtifactStore, deploymentId: string): Promise<Examined> {
  try {
    const dossier = await gatherDossier(artifacts, deploymentId);
    return { fault: faultOf(dossier), signers: signersOf(dossier.chain, dossier.sealed) };
  } catch (error) {
    return { fault: faultIn(error), signers: [] };
  }
}

function faultIn(error: unknown): Fault {
  // Whoever wrote a document without the parts that each of its kind has, it was not the pipeline (§14).
  if (error instanceof TypeError) {
    return { clause: '§14', reason: `what is sealed is not in its form: ${error.message}` };
  }
  if (!(error instanceof SlipwayError) || error.clause === null || error.code === 'UNKNOWN_DEPLOYMENT') throw error;
  return { clause: error.clause, reason: error.message };
}

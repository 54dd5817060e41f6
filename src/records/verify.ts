import type { ArtifactStore } from '../artifacts/store.ts';
import type { Fault } from '../contract/chain.ts';
import { faultOf } from '../contract/checker.ts';
import { SlipwayError } from '../contract/failure.ts';
import { gatherDossier } from './dossier.ts';

/** What the checker says of one deployment; clause and reason are null exactly when it is VALID. */
export interface Verification {
  readonly id: string;
  readonly verdict: 'VALID' | 'INVALID';
  readonly clause: string | null;
  readonly reason: string | null;
}

/**
 * Checks a finished deployment from the store alone: no server, and nothing that the pipeline said about itself.
 * @throws UNKNOWN_DEPLOYMENT when the store has never heard of it
 */
export async function verifyDeployment(artifacts: ArtifactStore, deploymentId: string): Promise<Verification> {
  const fault = await findFault(artifacts, deploymentId);
  const { clause, reason } = fault ?? { clause: null, reason: null };
  return { id: deploymentId, verdict: fault === null ? 'VALID' : 'INVALID', clause, reason };
}

async function findFault(artifacts: ArtifactStore, deploymentId: string): Promise<Fault | null> {
  try {
    return faultOf(await gatherDossier(artifacts, deploymentId));
  } catch (error) {
    // Whoever wrote a document without the parts that each of its kind has, it was not the pipeline (§14).
    if (error instanceof TypeError)
      return { clause: '§14', reason: `what is sealed is not in its form: ${error.message}` };
    if (!(error instanceof SlipwayError) || error.clause === null || error.code === 'UNKNOWN_DEPLOYMENT') throw error;
    return { clause: error.clause, reason: error.message };
  }
}

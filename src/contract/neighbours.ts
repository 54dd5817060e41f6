import type { Fault } from './chain.ts';
import type { Dossier } from './dossier.ts';
import { isSameState } from './sealed-record.ts';
import { isSameRelease, provedIn } from './statements.ts';

/** §14: no record of the target is missing, and each names the one before it; what they speak of is whole (§6). */
export function faultOfTarget(dossier: Dossier): Fault | null {
  const { n, before, namedByNext, recorded, sealed, bytesFault, actsFault } = dossier;
  const missing = recorded.findIndex((number, index) => number !== index + 1);
  if (missing >= 0 && missing + 1 <= n)
    return { clause: '§14', reason: `the record of deployment ${missing + 1} is missing` };
  const named = sealed.record.previousRecord;
  if (named !== (before?.digest ?? null)) {
    return {
      clause: '§14',
      reason: `it names ${named ?? 'no record'} as the one before; in the store is ${before?.digest ?? 'none'}`,
    };
  }
  if (namedByNext !== undefined && namedByNext !== sealed.digest) {
    return {
      clause: '§14',
      reason: `the record after it was sealed when ${namedByNext ?? 'nothing'} stood in its place`,
    };
  }
  if (actsFault !== null) return { clause: '§14', reason: actsFault };
  return faultOfReturn(dossier) ?? bytesFault;
}

/** §13: a rollback on request returns to a release that completed here. */
function faultOfReturn({ sealed, chain, returnedTo }: Dossier): Fault | null {
  const returnTo = provedIn(sealed.record, chain, 'change-intake')?.returnTo ?? null;
  if (returnTo === null) return null;
  const isReleased =
    returnedTo?.record.result === 'completed' &&
    returnedTo.record.target === sealed.record.target &&
    isSameRelease(returnedTo.record.artifact, returnTo);
  return isReleased
    ? null
    : {
        clause: '§13',
        reason: `it returned to ${returnTo.version}, which ${returnTo.deploymentId} did not complete with`,
      };
}

/** §15: while a release is live nobody but the pipeline changes the runtime: each deployment found what was left. */
export function faultOfHands({ sealed, whileLive, deploymentId }: Dossier): Fault | null {
  if (sealed.after?.live?.deploymentId !== deploymentId) return null;
  let left = sealed.after;
  for (const { record, found, after } of whileLive) {
    const wasRefused = record.failure?.code === 'UNKNOWN_RUNTIME_STATE';
    if (wasRefused || (found !== null && !isSameState(found, left))) {
      return {
        clause: '§15',
        reason: `while it was live, a hand changed the runtime: ${record.deploymentId} found it so`,
      };
    }
    if (after === null) break;
    left = after;
  }
  return null;
}

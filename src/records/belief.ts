import type { Document } from '../artifacts/sealed.ts';
import type { ComponentStore } from '../artifacts/store.ts';
import type { StagePredicate } from '../contract/evidence.ts';
import { SlipwayError } from '../contract/failure.ts';
import { ROLE_OF_STAGE } from '../contract/stages.ts';
import type { Claim } from '../signing/trust.ts';
import { deploymentOf } from './names.ts';

/** Records, acts and claims are sealed by the orchestrator, and by the deployer where it settles a deployment. */
export const KEEPERS = ['orchestrator', 'deployer'] as const;

/** A stage's evidence is signed by the role that carries the stage out. */
export function claimOfEvidence({ stage, deploymentId, finishedAt }: StagePredicate): Claim {
  return { roles: [ROLE_OF_STAGE[stage]], environment: deploymentOf(deploymentId).environment, at: finishedAt };
}

/** What was said about a deployment's course, and about its target. */
export function claimOfKeeper(environment: string, at: string): Claim {
  return { roles: KEEPERS, environment, at };
}

/**
 * Who signed a document; null for one that is dated before anybody signed, and unsigned.
 * @param what for messages: `the record of staging/web/7`
 * @throws UNTRUSTED_EVIDENCE when no key of the trust policy signed it that might
 */
export async function believe(
  store: ComponentStore,
  document: Document,
  claim: Claim,
  what: string,
): Promise<string | null> {
  const judged = await store.notary.judge(document, claim, false);
  if (judged.state === 'signed') return judged.key;
  if (judged.state === 'untrusted') throw untrusted(what, judged.reason);
  const since = await store.notary.signedSince();
  if (since === null || claim.at < since) return null;
  throw untrusted(what, `nobody signed it, and it is of ${claim.at}: everything is signed since ${since}`);
}

/**
 * Before something is done by a document: unsigned ones count for nothing, nor do those of a key that has been revoked.
 * @throws UNTRUSTED_EVIDENCE
 */
export async function requireSigned(
  store: ComponentStore,
  document: Document,
  claim: Claim,
  { what, acting }: { readonly what: string; readonly acting: boolean },
): Promise<void> {
  const judged = await store.notary.judge(document, claim, acting);
  if (judged.state === 'signed') return;
  throw untrusted(what, judged.state === 'unsigned' ? 'nobody signed it' : judged.reason);
}

/**
 * A document says what it is, and stands under a name that says the same: put under another name, it is none.
 * @param is whether what it says fits its name
 * @throws UNTRUSTED_EVIDENCE
 */
export function requireBound(is: boolean, what: string): void {
  if (!is) throw untrusted(what, 'what stands under that name is of something else');
}

/**
 * Whether something may be done by a document: by an unsigned one only where nothing signed is believed, for whoever
 * holds no key can give what he writes any date.
 */
export async function isActedOn(store: ComponentStore, key: string | null): Promise<boolean> {
  return key !== null || (await store.notary.signedSince()) === null;
}

function untrusted(what: string, reason: string): SlipwayError {
  const advice = 'see slipway keys list, and find out who wrote in the store';
  return new SlipwayError('UNTRUSTED_EVIDENCE', `${what} is not to be trusted: ${reason}; ${advice}`);
}

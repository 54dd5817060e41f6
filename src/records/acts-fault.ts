import type { ComponentStore } from '../artifacts/store.ts';
import { parsePlatform } from '../config/load.ts';
import type { Chain } from '../contract/chain.ts';
import { codeOf } from '../contract/failure.ts';
import { consequencesOf } from '../contract/sealed-record.ts';
import { formatTarget, type Target } from '../contract/target.ts';
import { readActs, type StandingAct } from './acts.ts';
import { keyOfConsequence } from './consequences.ts';
import { environmentOf, readPlatform } from './platform.ts';
import type { StandingRecord } from './record.ts';

/**
 * What is wrong with the target's acts as one deployment knows them, or null: none up to the newest that its change
 * intake saw may be missing or be another, and those that followed from its record have to be there.
 */
export async function actsFault(
  store: ComponentStore,
  target: Target,
  sealed: StandingRecord,
  chain: Chain,
): Promise<string | null> {
  const intake = chain['change-intake']?.predicate.findings;
  if (!intake) return null;
  const acts = await readActs(store, target);
  const { acts: seen, last } = intake.lane;
  const fault = faultOfActs(acts.slice(0, seen), target);
  if (fault !== null) return fault;
  if (seen > acts.length) return `act ${acts.length + 1} of the target's chain is missing`;
  if ((acts[seen - 1]?.digest ?? null) !== last) {
    return `act ${seen} of the target's chain is not the one that change intake saw`;
  }
  const afterRollback = await readAfterRollback(store, target, intake.platform);
  if (afterRollback === null) return null;
  for (const { kind } of consequencesOf(sealed.record, sealed.order, afterRollback)) {
    const key = keyOfConsequence(sealed.record, kind);
    const index = acts.findIndex(({ key: own, act }) => own === key && act.kind === kind);
    if (index < 0) return `the ${kind} that followed from it is missing in the target's chain`;
    const faultBefore = faultOfActs(acts.slice(0, index + 1), target);
    if (faultBefore !== null) return faultBefore;
  }
  return null;
}

/** Acts are numbered without gaps, and each names the one before it. */
function faultOfActs(acts: readonly StandingAct[], target: Target): string | null {
  for (const [index, act] of acts.entries()) {
    if (act.number !== index + 1) return `act ${index + 1} of the target's chain is missing`;
    if (act.target !== formatTarget(target)) return `act ${act.number} of the target's chain is one of ${act.target}`;
    if (act.previous !== (acts[index - 1]?.digest ?? null)) {
      return `act ${act.number} of the target's chain does not name the one before it`;
    }
  }
  return null;
}

/** Null when a later version of Slipway reads that platform file no more. */
async function readAfterRollback(
  store: ComponentStore,
  target: Target,
  platform: Parameters<typeof readPlatform>[1],
): Promise<'hold' | 'continue' | null> {
  try {
    return environmentOf(parsePlatform(await readPlatform(store, platform)), target.environment).afterRollback;
  } catch (error) {
    if (codeOf(error) === 'FILE_INVALID') return null;
    throw error;
  }
}

import type { ComponentStore } from '../artifacts/store.ts';
import { readDocument, sealDocument } from '../artifacts/sealed.ts';
import type { Act, ActPredicate, QuarantineChange } from '../contract/acts.ts';
import type { Digest } from '../contract/digest.ts';
import { SlipwayError } from '../contract/failure.ts';
import { formatTarget, type Target } from '../contract/target.ts';
import { believe, claimOfKeeper, isActedOn, KEEPERS, requireBound } from './belief.ts';
import { DOCUMENT, PREDICATE, stateThat } from './document-types.ts';
import { nameOf, numbersUnder } from './names.ts';

/** An act as it stands in the store. */
export interface StandingAct extends ActPredicate {
  readonly digest: Digest;
  /** The name of the key that signed it; null for acts of versions that did not sign. */
  readonly signedBy: string | null;
}

export interface NewAct {
  readonly target: Target;
  readonly act: Act;
  /** Names the wish: sealed again with the same key, it is the same act. */
  readonly key: string;
  readonly at: string;
  /** Of an act that follows from a deployment's record: that deployment's number; no act before it can be the same. */
  readonly since?: number;
}

/**
 * Appends an act to a target's chain. The number after the newest is claimed; whoever loses that race takes the next.
 * Repeated with the same key, it is the same act.
 */
export async function appendAct(store: ComponentStore, wish: NewAct): Promise<StandingAct> {
  const { target, act, key, at } = wish;
  for (;;) {
    const newest = await newestAct(store, target);
    const repeated = await standingAct(store, wish);
    if (repeated !== null) return repeated;
    const number = (newest?.number ?? 0) + 1;
    const after = (await numbersUnder(store, nameOf.records(target))).at(-1) ?? 0;
    const predicate: ActPredicate = {
      target: formatTarget(target),
      number,
      previous: newest?.digest ?? null,
      after,
      at,
      key,
      act,
    };
    const name = nameOf.act(target, number);
    const statement = stateThat(PREDICATE.act, predicate);
    const { won } = await sealDocument({ store, name, artifactType: DOCUMENT.act, statement });
    const sealed = won ? await readAct(store, target, number) : null;
    if (sealed !== null) return sealed;
  }
}

/**
 * Quarantines a digest, or lifts that, for every target of the component; nothing when it is so already, or when it has
 * been done under this key: what a person has lifted since is not brought back by an activity that is repeated.
 */
export async function setQuarantine(store: ComponentStore, act: QuarantineChange['act'], key: string): Promise<void> {
  const { digest } = act;
  for (;;) {
    const { quarantined, count } = await quarantineOf(store, digest);
    if (quarantined === (act.kind === 'quarantine') || (await isDone(store, digest, count, key))) return;
    const name = nameOf.quarantine(digest, count + 1);
    const change: QuarantineChange = { act, key, at: new Date().toISOString(), number: count + 1 };
    const { won } = await sealDocument({
      store,
      name,
      artifactType: DOCUMENT.act,
      statement: stateThat(PREDICATE.act, change),
    });
    if (won) return;
  }
}

async function isDone(store: ComponentStore, digest: Digest, count: number, key: string): Promise<boolean> {
  for (let number = 1; number <= count; number += 1) {
    const found = await readDocument(store, nameOf.quarantine(digest, number));
    if ((found?.statement.predicate as QuarantineChange | undefined)?.key === key) return true;
  }
  return false;
}

/**
 * Whether a digest is quarantined, and how often that has changed. Who holds no key lifts nothing: where signatures
 * count, a lifting that nobody signed is none.
 * @throws UNTRUSTED_EVIDENCE
 */
export async function quarantineOf(
  store: ComponentStore,
  digest: Digest,
): Promise<{ readonly quarantined: boolean; readonly count: number }> {
  const count = (await numbersUnder(store, nameOf.quarantine(digest, 0).slice(0, -1))).at(-1) ?? 0;
  const newest = count === 0 ? null : await readDocument(store, nameOf.quarantine(digest, count));
  if (newest === null) return { quarantined: count > 0, count };
  const { act, at = '', number = count } = newest.statement.predicate as QuarantineChange;
  const isBound = newest.statement.predicateType === PREDICATE.act && act.digest === digest && number === count;
  requireBound(isBound, `change ${count} of the quarantine of ${digest}`);
  const lifts = act.kind === 'unquarantine';
  // It holds for every target of the component; only the orchestrator is told by people to lift it.
  const claim = { roles: lifts ? (['orchestrator'] as const) : KEEPERS, environment: null, at };
  const key = await believe(store, newest, claim, `the ${act.kind} of ${digest}`);
  const isLifted = lifts && (await isActedOn(store, key));
  return { quarantined: !isLifted, count };
}

/** @throws QUARANTINED when no target may take this digest. */
export async function refuseQuarantined(store: ComponentStore, digest: Digest): Promise<void> {
  if (!(await quarantineOf(store, digest)).quarantined) return;
  throw new SlipwayError(
    'QUARANTINED',
    `${digest} was found bad where it was live: deploy another build, or lift it with slipway unquarantine ${digest}`,
  );
}

/** The newest act of a target, or null. */
export async function newestAct(store: ComponentStore, target: Target): Promise<StandingAct | null> {
  const number = (await numbersUnder(store, nameOf.acts(target))).at(-1);
  return number === undefined ? null : await readAct(store, target, number);
}

/** The act that stands for a wish already, its answer having been lost, however many came after it; or null. */
export async function standingAct(
  store: ComponentStore,
  { target, key, since = 0 }: Pick<NewAct, 'target' | 'key' | 'since'>,
): Promise<StandingAct | null> {
  for (let number = (await newestAct(store, target))?.number ?? 0; number >= 1; number -= 1) {
    const act = await readAct(store, target, number);
    if (act?.key === key) return act;
    if (act !== null && act.after < since) return null;
  }
  return null;
}

/** All acts of a target, oldest first. */
export async function readActs(store: ComponentStore, target: Target): Promise<readonly StandingAct[]> {
  const acts: StandingAct[] = [];
  for (const number of await numbersUnder(store, nameOf.acts(target))) {
    const act = await readAct(store, target, number);
    if (act !== null) acts.push(act);
  }
  return acts;
}

async function readAct(store: ComponentStore, target: Target, number: number): Promise<StandingAct | null> {
  const found = await readDocument(store, nameOf.act(target, number));
  if (found === null) return null;
  const predicate = found.statement.predicate as ActPredicate;
  const what = `act ${number} of ${formatTarget(target)}`;
  const isOwn = predicate.target === formatTarget(target) && predicate.number === number;
  requireBound(isOwn && found.statement.predicateType === PREDICATE.act, what);
  const key = await believe(store, found, claimOfKeeper(target.environment, predicate.at), what);
  return { ...predicate, digest: found.digest, signedBy: key };
}

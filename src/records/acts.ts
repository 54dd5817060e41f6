import type { ComponentStore } from '../artifacts/store.ts';
import { readDocument, sealDocument } from '../artifacts/sealed.ts';
import type { Act, ActPredicate } from '../contract/acts.ts';
import type { Digest } from '../contract/digest.ts';
import { SlipwayError } from '../contract/failure.ts';
import { formatTarget, type Target } from '../contract/target.ts';
import { DOCUMENT, PREDICATE, stateThat } from './document-types.ts';
import { nameOf, numbersIn } from './names.ts';

/** An act as it stands in the store. */
export interface StandingAct extends ActPredicate {
  readonly digest: Digest;
}

/** Acts that a repeated sealing is looked for among: those of one lane are sealed one by one. */
const REPEATED_WITHIN = 32;

/**
 * Appends an act to a target's chain. The number after the newest is claimed; whoever loses that race takes the next.
 * Repeated with the same key, it is the same act.
 */
export async function appendAct(
  store: ComponentStore,
  { target, act, key, at }: { target: Target; act: Act; key: string; at: string },
): Promise<StandingAct> {
  for (;;) {
    const newest = await newestAct(store, target);
    const repeated = await findByKey(store, target, key, newest?.number ?? 0);
    if (repeated !== null) return repeated;
    const number = (newest?.number ?? 0) + 1;
    const after = numbersIn(await store.names(nameOf.records(target))).at(-1) ?? 0;
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
    const { digest, won } = await sealDocument({ store, name, artifactType: DOCUMENT.act, statement });
    if (won) return { ...predicate, digest };
  }
}

/** Quarantines a digest, or lifts that, for every target of the component; nothing when it is so already. */
export async function setQuarantine(store: ComponentStore, act: Act & { kind: 'quarantine' | 'unquarantine' }): Promise<void> {
  const { digest } = act;
  for (;;) {
    const { quarantined, count } = await quarantineOf(store, digest);
    if (quarantined === (act.kind === 'quarantine')) return;
    const name = nameOf.quarantine(digest, count + 1);
    const { won } = await sealDocument({ store, name, artifactType: DOCUMENT.act, statement: stateThat(PREDICATE.act, act) });
    if (won) return;
  }
}

/** Whether a digest is quarantined, and how often that has changed. */
export async function quarantineOf(
  store: ComponentStore,
  digest: Digest,
): Promise<{ readonly quarantined: boolean; readonly count: number }> {
  const count = (await store.names(nameOf.quarantine(digest, 0).slice(0, -1))).length;
  return { quarantined: count % 2 === 1, count };
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
  const number = numbersIn(await store.names(nameOf.acts(target))).at(-1);
  return number === undefined ? null : await readAct(store, target, number);
}

/** All acts of a target, oldest first. */
export async function readActs(store: ComponentStore, target: Target): Promise<readonly StandingAct[]> {
  const acts: StandingAct[] = [];
  for (const number of numbersIn(await store.names(nameOf.acts(target)))) {
    const act = await readAct(store, target, number);
    if (act !== null) acts.push(act);
  }
  return acts;
}

async function readAct(store: ComponentStore, target: Target, number: number): Promise<StandingAct | null> {
  const found = await readDocument(store, nameOf.act(target, number));
  return found && { ...(found.statement.predicate as ActPredicate), digest: found.digest };
}

async function findByKey(store: ComponentStore, target: Target, key: string, newest: number): Promise<StandingAct | null> {
  for (let number = newest; number > Math.max(0, newest - REPEATED_WITHIN); number -= 1) {
    const act = await readAct(store, target, number);
    if (act?.key === key) return act;
  }
  return null;
}

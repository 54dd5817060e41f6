import { writtenKey } from '../config/public-key.ts';
import type { Trust } from '../config/trust.ts';
import { SlipwayError } from '../contract/failure.ts';
import { belongsTo, holderName, holdersOf, validKeysOf, type Holder } from './choice.ts';
import { inTurn, type Desk, type KeyOptions } from './desk.ts';
import type { Fields } from './edit-trust.ts';
import { makeKey, privateKeysIn } from './key-files.ts';
import { policyOf } from './policy.ts';
import { referenceOf } from './private-key.ts';

/** A key that was made. */
export interface MadeKey {
  readonly name: string;
  readonly holder: Holder;
}

/**
 * How long both keys of a rotation count, before and after it, in milliseconds. Before: what is signed gives itself the
 * time at which it began, and may have been begun before its worker took up the new key. After: workers take it up one
 * by one.
 */
export const OVERLAP = 600_000;

/**
 * Makes a key for each holder that has none to sign with, and writes it into the trust policy: that of `platform.yaml`
 * where it has one, else of the key folder. Any number of processes may do so at once, and be killed: one set is made.
 */
export async function createMissingKeys(
  options: KeyOptions,
  wanted: readonly Holder[] = holdersOf(Object.keys(options.loaded.platform.environments)),
): Promise<readonly MadeKey[]> {
  return await inTurn(options, async (desk) => {
    const there = new Set(await privateKeysIn(desk.keys));
    const missing = wanted.filter((holder) => {
      const valid = validKeysOf(policyOf(desk.trust), holder, desk.now);
      const isElsewhere = referenceOf(options.loaded.platform.signing, holder) !== null;
      return !valid.some(({ name }) => isElsewhere || there.has(name));
    });
    const made: MadeKey[] = [];
    const added: Fields[] = [];
    for (const holder of missing) {
      const entry = await newEntry(desk, holder, null);
      added.push(entry.fields);
      made.push({ name: entry.name, holder });
    }
    if (added.length > 0) await desk.write({ added, changed: {} });
    return made;
  });
}

export interface Rotation {
  readonly made: MadeKey;
  /** Those that it takes the place of, and until when they count. */
  readonly retired: readonly string[];
  readonly until: string;
}

/** Makes a new key for a holder; those before it count for {@link OVERLAP} more, and what they signed stays as it is. */
export async function rotateKey(options: KeyOptions, holder: Holder, by: string): Promise<Rotation> {
  return await inTurn(options, async (desk) => {
    const old = validKeysOf(policyOf(desk.trust), holder, desk.now);
    const until = new Date(options.now.getTime() + OVERLAP).toISOString();
    const ending = old.filter((key) => key.until === undefined || key.until > until);
    const environments = [...new Set(old.flatMap((key) => key.environments ?? []))];
    const entry = await newEntry(desk, holder, by, environments);
    const changed = Object.fromEntries(ending.map(({ name }) => [name, { until }]));
    await desk.write({ added: [entry.fields], changed });
    return { made: { name: entry.name, holder }, retired: ending.map(({ name }) => name), until };
  });
}

export interface Revocation {
  readonly name: string;
  readonly from: string;
  /** Whose it was, where there is no other valid key of it now. */
  readonly without: readonly Holder[];
}

/**
 * Lets nothing count any more that a key signed from a time on.
 * @throws ACT_REFUSED for a name that nobody has, and for a time that would make a revocation milder
 */
export async function revokeKey(
  options: KeyOptions,
  name: string,
  { by, reason, from }: { readonly by: string; readonly reason: string; readonly from: string },
): Promise<Revocation> {
  return await inTurn(options, async (desk) => {
    const key = desk.trust.keys.find((each) => each.name === name);
    const refuse = (found: string, todo: string): SlipwayError => new SlipwayError('ACT_REFUSED', `${found}; ${todo}`);
    if (key === undefined) throw refuse(`no key is called ${name}`, 'look at slipway keys list');
    if (from < key.from) throw refuse(`${name} signs from ${key.from} on`, `give that time, or a later one`);
    if (key.revoked !== undefined && key.revoked <= from) {
      throw refuse(`${name} was revoked from ${key.revoked} on`, 'a revocation may only be made to begin earlier');
    }
    const after = await desk.write({ added: [], changed: { [name]: { revoked: from, revokedBy: by, reason } } });
    const all = holdersOf(Object.keys(options.loaded.platform.environments));
    const [revoked] = policyOf(after).keys.filter((each) => each.name === name);
    const without = all.filter(
      (holder) =>
        revoked !== undefined &&
        belongsTo(revoked, holder) &&
        validKeysOf(policyOf(after), holder, desk.now).length === 0,
    );
    return { name, from, without };
  });
}

/** A new key under the next name that is free, laid aside, and its entry. */
async function newEntry(
  { keys, trust, now }: Desk,
  holder: Holder,
  by: string | null,
  environments: readonly string[] = [],
): Promise<{ readonly name: string; readonly fields: Fields }> {
  // A private key that nobody trusts any more is left alone, and so is its name.
  const names = new Set([...trust.keys.map(({ name }) => name), ...(await privateKeysIn(keys))]);
  const prefix = holderName(holder);
  let n = 1;
  while (names.has(`${prefix}-${n}`)) n += 1;
  const name = `${prefix}-${n}`;
  const publicKey = await makeKey(keys, name);
  const own = holder.environment === null ? environments : [...new Set([holder.environment, ...environments])];
  return {
    name,
    fields: {
      name,
      role: holder.role,
      key: writtenKey(publicKey),
      ...(own.length > 0 && { environments: own }),
      from: beginningOf(trust, holder, now),
      ...(by !== null && { by }),
    },
  };
}

/** From now on; where it follows another key, an {@link OVERLAP} before, and not before that one began. */
function beginningOf(trust: Trust, holder: Holder, now: string): string {
  const before = policyOf(trust).keys.filter((key) => belongsTo(key, holder));
  if (before.length === 0) return now;
  const overlapping = new Date(Date.parse(now) - OVERLAP).toISOString();
  const latest = [overlapping, ...before.map(({ from }) => from)].toSorted().at(-1) ?? now;
  return latest < now ? latest : now;
}

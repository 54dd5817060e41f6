import type { Role } from '../contract/stages.ts';
import type { TrustedKey, TrustPolicy } from './trust.ts';

/** Whose key: a role, and for a deployer its environment. */
export interface Holder {
  readonly role: Role;
  /** Null for roles that serve all of them. */
  readonly environment: string | null;
}

/** For people, and as names of its keys begin: `builder`, `deployer-staging`. */
export function holderName({ role, environment }: Holder): string {
  return environment === null ? role : `${role}-${environment}`;
}

/** Every one that signs on a platform of these environments. */
export function holdersOf(environments: readonly string[]): readonly Holder[] {
  const deployers = environments.map((environment): Holder => ({ role: 'deployer', environment }));
  return [{ role: 'orchestrator', environment: null }, { role: 'builder', environment: null }, ...deployers];
}

/** Whether a key is one of this holder's. */
export function belongsTo({ role, environments }: TrustedKey, holder: Holder): boolean {
  if (role !== holder.role) return false;
  return holder.environment === null || environments === undefined || environments.includes(holder.environment);
}

/**
 * Why what a key signs at `now` would not be believed; null when it would. Pure.
 * @param now RFC 3339, UTC, as `toISOString` gives it; so are all times of a policy
 */
export function whyInvalid({ from, until, revoked }: TrustedKey, now: string): string | null {
  if (revoked !== undefined && revoked <= now) return `was revoked from ${revoked} on`;
  if (until !== undefined && until <= now) return `signed until ${until}`;
  return from > now ? `signs from ${from} on` : null;
}

/** The keys that a holder may sign with now, the newest first: after a rotation that is the new one. Pure. */
export function validKeysOf({ keys }: TrustPolicy, holder: Holder, now: string): readonly TrustedKey[] {
  return keys
    .map((key, place) => ({ key, place }))
    .filter(({ key }) => belongsTo(key, holder) && whyInvalid(key, now) === null)
    .toSorted((a, b) => (a.key.from === b.key.from ? b.place - a.place : a.key.from < b.key.from ? 1 : -1))
    .map(({ key }) => key);
}

import type { Digest } from './digest.ts';
import type { Order } from './order.ts';
import type { DeploymentRecord } from './record.ts';

/**
 * What happened to a target beside its deployments. Each act is sealed in the target's chain: it names the act before
 * it, and every deployment's change intake names the newest act it saw.
 */
export type Act =
  | { readonly kind: 'hold'; readonly by: string; readonly reason: string }
  | { readonly kind: 'resume'; readonly by: string; readonly reason: string }
  | { readonly kind: 'quarantine'; readonly digest: Digest; readonly by: string; readonly reason: string }
  | { readonly kind: 'unquarantine'; readonly digest: Digest; readonly by: string; readonly reason: string }
  /** An order that ended while it was queued: no deployment number was spent. */
  | { readonly kind: 'order-ended'; readonly record: DeploymentRecord; readonly order: Order };

/** The predicate of a sealed act. */
export interface ActPredicate {
  readonly target: string;
  /** Counts the target's acts from 1, without gaps. */
  readonly number: number;
  readonly previous: Digest | null;
  /** The newest deployment that had a record when this was sealed; 0 before the first. */
  readonly after: number;
  /** The sealing activity's clock. @format date-time */
  readonly at: string;
  /** Names the wish: sealed again with the same key, it is the same act. */
  readonly key: string;
  readonly act: Act;
}

/** What is sealed each time that a digest is quarantined, or that this is lifted: for every target of its component. */
export interface QuarantineChange {
  readonly act: Extract<Act, { readonly kind: 'quarantine' | 'unquarantine' }>;
  /** Names the wish, as that of a target's act does. */
  readonly key: string;
  /** The sealing activity's clock. Earlier versions lack it. @format date-time */
  readonly at?: string;
  /** Which change of this digest it is, from 1 on, as in its name. Earlier versions lack it. */
  readonly number?: number;
}

/** A target takes no ordinary deployment while it is held. */
export interface Hold {
  readonly by: string;
  readonly reason: string;
  readonly since: string;
}

/** Who does an operation, and why; both are required, since the Temporal UI sends no identity. */
export interface Person {
  readonly by: string;
  readonly reason: string;
}

/** Why `value` does not say who and why, or null. For update validators. */
export function whyNoPerson(value: unknown): string | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'expected one object: { by, reason }';
  for (const key of ['by', 'reason'] as const) {
    const text = (value as Record<string, unknown>)[key];
    if (typeof text !== 'string' || text.trim() === '' || text.length > 4000) {
      return `${key}: expected a text of 1 to 4000 characters`;
    }
  }
  return null;
}

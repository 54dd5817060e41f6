import { formatTarget, type Target } from './target.ts';
import type { Degradation } from './watch.ts';

/** What somebody asks of a target. The same request id is one deployment and one answer, however often it is sent. */
export type Order = DeployOrder | RollbackOrder;

interface OrderBase {
  readonly requestId: string;
  readonly target: Target;
  /** Who asks. */
  readonly by: string;
}

/** Deploy a revision, as the change that carries it says (§5). */
export interface DeployOrder extends OrderBase {
  readonly kind: 'deploy';
  readonly change: string;
  /** Name of a source of the platform file. */
  readonly source: string;
  /** Full hash, 40 hex digits; resolved once, by the client. */
  readonly revision: string;
}

/** Return to a release that completed here before (§13), through all seven stages. */
export interface RollbackOrder extends OrderBase {
  readonly kind: 'rollback';
  readonly reason: string;
  /** Null: the newest release here, not quarantined, that completed before the live one. */
  readonly version: string | null;
  /** Only where the lane itself orders it: the live release degraded after its completion (§12). */
  readonly degradation?: Degradation;
}

/** Two orders with one request id are the same only if this is equal. */
export function contentOf(order: Order): string {
  return order.kind === 'deploy'
    ? JSON.stringify(['deploy', order.by, order.change, order.source, order.revision])
    : JSON.stringify(['rollback', order.by, order.reason, order.version, ...degradationOf(order)]);
}

/** Nothing for what people order, so that the content of earlier orders stays what it was. */
function degradationOf({ degradation }: RollbackOrder): readonly string[] {
  return degradation === undefined ? [] : [degradation.deploymentId, degradation.evidence];
}

/** Whether two orders are one and the same: the same wish, of the same target, under the same request id. */
export function isSameOrder(a: Order, b: Order): boolean {
  return (
    a.requestId === b.requestId && formatTarget(a.target) === formatTarget(b.target) && contentOf(a) === contentOf(b)
  );
}

/** Why `value` is no order, or null when it is one. For update validators: small, and without dependencies. */
export function whyNoOrder(value: unknown): string | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'expected one object: the order';
  const order = value as Record<string, unknown>;
  for (const key of ['requestId', 'by'] as const) {
    if (!isText(order[key], 200)) return `${key}: expected a text of 1 to 200 characters`;
  }
  if (order['kind'] === 'rollback') {
    if (order['degradation'] !== undefined) return 'degradation: expected none; only a lane itself orders that';
    if (!isText(order['reason'], 1000)) return 'reason: expected a text of 1 to 1000 characters';
    const version = order['version'] ?? null;
    return version === null || isText(version, 128) ? null : 'version: expected a version or null';
  }
  if (order['kind'] !== 'deploy') return 'kind: expected deploy or rollback';
  for (const key of ['change', 'source'] as const) {
    if (!isText(order[key], 200)) return `${key}: expected a text of 1 to 200 characters`;
  }
  return typeof order['revision'] === 'string' && /^[0-9a-f]{40}$/.test(order['revision'])
    ? null
    : 'revision: expected a full hash of 40 hex digits';
}

function isText(value: unknown, most: number): value is string {
  return typeof value === 'string' && value.trim() !== '' && value.length <= most;
}

import { SlipwayError } from '../contract/failure.ts';
import { parseDeploymentId, parseTarget, type Target } from '../contract/target.ts';

/** What a person named: a deployment, a target, or a request. */
export type Subject =
  | { readonly kind: 'deployment'; readonly id: string }
  | { readonly kind: 'target'; readonly target: Target }
  | { readonly kind: 'request'; readonly id: string };

export function subjectOf(text: string): Subject {
  if (parseDeploymentId(text) !== null) return { kind: 'deployment', id: text };
  const target = parseTarget(text);
  return target === null ? { kind: 'request', id: text } : { kind: 'target', target };
}

/** @throws USAGE */
export function targetNamed(text: string): Target {
  const target = parseTarget(text);
  if (target !== null) return target;
  throw new SlipwayError('USAGE', `found ${JSON.stringify(text)}, expected a target, such as staging/storefront`);
}

/** The one error for an id that nothing has. */
export function unknownId(id: string): SlipwayError {
  const message = `${id}: found neither a deployment nor a request of that id; see slipway status and slipway history TARGET`;
  return new SlipwayError('UNKNOWN_DEPLOYMENT', message);
}

import { z } from 'zod';
import { isDigest, type Digest } from '../../contract/digest.ts';
import { codeOf, isFailureCode, SlipwayError } from '../../contract/failure.ts';
import { NAME } from '../../contract/target.ts';
import type { Mask } from '../../secrets/mask.ts';

/**
 * What is said over a runtime's sockets: JSON over HTTP. `GET /targets` gives all observations,
 * `GET /targets/ENVIRONMENT/COMPONENT` one, and `…/answers` beneath it what was measured; `POST /prove`, `/activate`,
 * `/restore` and `/retire` take these requests. An error is `{ error: { code, message } }`, and is thrown again on the
 * other side as what it was.
 */
const name = z.string().regex(NAME);
const release = z.object({
  version: z.string().min(1),
  digest: z.custom<Digest>(isDigest, 'expected a digest'),
  deploymentId: z.string().min(1),
});

export const target = z.object({ environment: name, component: name });
const deployment = z.object({ target, deploymentId: z.string().min(1) });

export const requests = {
  prove: z.object({ target, release }),
  activate: deployment.extend({ generation: z.int().min(1), release }),
  restore: deployment.extend({
    generation: z.int().min(1),
    to: release.nullable(),
    whenActivated: z.enum(['restore', 'leave']).default('restore'),
  }),
  retire: deployment,
} as const;

export interface ErrorBody {
  readonly error: { readonly code: string; readonly message: string };
}

/** What an error says, without what is known of secrets. */
export function errorBody(error: unknown, mask: Mask): ErrorBody {
  const message = error instanceof Error ? error.message : String(error);
  return { error: { code: codeOf(error), message: mask.mask(message) } };
}

/** The error that an answer carries, or null when it carries none that this version knows. */
export function errorOf(body: unknown): SlipwayError | null {
  const { error } = (body ?? {}) as Partial<ErrorBody>;
  return error !== undefined && isFailureCode(error.code) ? new SlipwayError(error.code, error.message) : null;
}

import { isGrpcServiceError, WorkflowNotFoundError } from '@temporalio/client';
import { SlipwayError } from '../contract/failure.ts';
import { fromFailure } from '../temporal/codes.ts';

/** Says in Slipway's words what Temporal answered. */
export function toSlipwayError(error: unknown, what = 'the workflow'): SlipwayError {
  if (error instanceof SlipwayError) return error;
  if (error instanceof WorkflowNotFoundError) {
    return new SlipwayError('UNKNOWN_DEPLOYMENT', `${what} is not known, or has ended: see slipway status`, {
      cause: error,
    });
  }
  if (isGrpcServiceError(error)) {
    const message = `Temporal did not answer (${error.message}): look at slipway up and its log`;
    return new SlipwayError('TEMPORAL_UNAVAILABLE', message, { cause: error });
  }
  const { code, message } = fromFailure(error);
  return new SlipwayError(code, message, { cause: error });
}

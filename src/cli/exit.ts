import { SlipwayError } from '../contract/failure.ts';

/** A usage that is wrong, a file that cannot be read: the person who typed it can put it right. */
const BAD_USAGE = 2;
/** No result is known: the platform is away, or this is our own bug. */
const NO_RESULT = 1;

/** The exit code of an error; results have theirs from `EXIT_OF_RESULT`. */
export function exitOf(error: SlipwayError): number {
  return error.fault === 'caller' || error.code === 'ARTIFACT_CORRUPT' ? BAD_USAGE : NO_RESULT;
}

/** What a thrown thing is called for people. */
export function asSlipwayError(error: unknown): SlipwayError {
  if (error instanceof SlipwayError) return error;
  return new SlipwayError('INTERNAL', error instanceof Error ? error.message : String(error), { cause: error });
}

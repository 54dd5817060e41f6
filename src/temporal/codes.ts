import { ApplicationFailure } from '@temporalio/common';
import type { FailureDetails } from '../contract/activities.ts';
import { isDigest, type Digest } from '../contract/digest.ts';
import { FAILURES, isFailureCode, SlipwayError, type Clause, type FailureCode } from '../contract/failure.ts';

/** Temporal keeps 4 KiB of an activity failure's message; this many characters of UTF-8 always fit. */
const MESSAGE_LENGTH = 1_300;

/**
 * What an activity throws for an error: its code as `type`, its message, and `details` of the shape
 * {@link FailureDetails}. Only what is our own fault, or the network's, is retried: the change stays as wrong as it is,
 * and a person has spoken.
 * @param more the failed stage's evidence, or the record that stands already.
 */
export function toApplicationFailure(error: unknown, more: Partial<FailureDetails> = {}): ApplicationFailure {
  if (error instanceof ApplicationFailure) return error;
  const known = error instanceof SlipwayError ? error : internal(error);
  const details: FailureDetails = { clause: known.clause, evidence: null, ...more };
  return ApplicationFailure.create({
    type: known.code,
    message: shorten(known.message),
    nonRetryable: known.fault !== 'platform',
    details: [details],
    cause: known,
  });
}

/** What a person is told of a thrown thing, wherever it was thrown. */
export interface ReadFailure {
  readonly code: FailureCode;
  readonly clause: Clause | null;
  readonly message: string;
  /** The evidence of the failed stage, where it sealed one. */
  readonly evidence: Digest | null;
}

/**
 * The way back: finds the error that Slipway wrote in what Temporal wrapped around it (ActivityFailure,
 * ChildWorkflowFailure, WorkflowFailedError, WorkflowUpdateFailedError): the outermost with a code of the closed list.
 * An error without one is INTERNAL, in the words of its innermost cause.
 */
export function fromFailure(error: unknown): ReadFailure {
  let innermost = error;
  for (let at = error; at instanceof Error; at = at.cause) {
    const code = codeIn(at);
    if (code !== null) return { code, clause: FAILURES[code].clause, message: at.message, evidence: evidenceIn(at) };
    innermost = at;
  }
  const message = innermost instanceof Error ? innermost.message || innermost.name : String(innermost);
  return { code: 'INTERNAL', clause: null, message, evidence: null };
}

function codeIn(error: Error): FailureCode | null {
  if (error instanceof SlipwayError) return error.code;
  return error instanceof ApplicationFailure && isFailureCode(error.type) ? error.type : null;
}

function evidenceIn(error: Error): Digest | null {
  if (!(error instanceof ApplicationFailure)) return null;
  // A workflow's details are the deployment's record, an activity's are FailureDetails: told apart by what is there.
  const evidence = (error.details?.[0] as Partial<FailureDetails> | null | undefined)?.evidence;
  return typeof evidence === 'string' && isDigest(evidence) ? evidence : null;
}

function internal(error: unknown): SlipwayError {
  return new SlipwayError('INTERNAL', error instanceof Error ? error.message : String(error), { cause: error });
}

function shorten(message: string): string {
  return message.length <= MESSAGE_LENGTH ? message : `${message.slice(0, MESSAGE_LENGTH - 1)}…`;
}

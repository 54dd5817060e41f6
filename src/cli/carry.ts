import type { Slipway } from '../client/slipway.ts';
import { SlipwayError } from '../contract/failure.ts';
import type { Submission } from '../contract/lane.ts';
import { EXIT_OF_RESULT, type DeploymentRecord } from '../contract/record.ts';
import { acting } from './acting.ts';
import type { Context } from './context.ts';
import { followToEnd } from './follow.ts';
import { describeRecord } from './report/record.ts';

export interface CarryOptions {
  /** Whether to wait for the end; the exit code is the result's then. */
  readonly wait?: boolean;
}

/** Sends an order, of a change or of a return, and with `--wait` follows it to its end. */
export async function carry(
  context: Context,
  { wait = false }: CarryOptions,
  send: (slipway: Slipway) => Promise<Submission>,
): Promise<number> {
  const submission = await acting(context, send);
  if (wait) return answerWithRecord(context, await followToEnd(context, submission));
  const { requestId, target, deploymentId, position } = submission;
  context.output.answer({ requestId, target, deploymentId, position }, () => describeSubmission(submission));
  return 0;
}

/** Answers with how a deployment ended. */
function answerWithRecord({ output }: Context, record: DeploymentRecord): number {
  output.answer(record, (paint) => describeRecord(record, paint));
  if (record.result !== null) return EXIT_OF_RESULT[record.result];
  throw new SlipwayError('INTERNAL', `${record.deploymentId ?? record.requestId} has no result, though it has ended`);
}

function describeSubmission({ requestId, target, deploymentId, position }: Submission): readonly string[] {
  const where =
    deploymentId === null ? `taken by ${target}, at position ${position} of its queue` : `carried by ${deploymentId}`;
  return [`${where} (request ${requestId})`, `follow it with: slipway status ${deploymentId ?? requestId} --watch`];
}

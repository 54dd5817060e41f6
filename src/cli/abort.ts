import type { Person } from '../contract/acts.ts';
import { SlipwayError } from '../contract/failure.ts';
import { EXIT_OF_RESULT, type DeploymentRecord } from '../contract/record.ts';
import { parseDeploymentId } from '../contract/target.ts';
import { acting } from './acting.ts';
import { command, personOf, personOptions, type CommandFactory } from './command.ts';
import type { Context } from './context.ts';
import { recordOfRequest } from './recorded.ts';
import { describeRecord } from './report/record.ts';
import { unknownId } from './subject.ts';

/** Stops a deployment and waits for its end, or takes an order out of the queue. */
export const abortCommand: CommandFactory = (cli) => {
  const [by, reason] = personOptions();
  return command(
    'abort',
    'Stop a deployment, or take an order off the queue',
    'abort staging/storefront/7 --by ada --reason "wrong catalog"',
  )
    .argument('<id>', 'deployment id or request id')
    .addOption(by)
    .addOption(reason)
    .action(
      cli.action<Person, [string]>(async (context, options, id) => {
        const record = await abort(context, id, personOf(options));
        context.output.answer(record, (paint) => describeRecord(record, paint));
        // It was to be aborted, and was: only another end is worth a code.
        return record.result === 'aborted' || record.result === null ? 0 : EXIT_OF_RESULT[record.result];
      }),
    );
};

async function abort(context: Context, id: string, person: Person): Promise<DeploymentRecord> {
  return await acting(context, async (slipway) => {
    if (parseDeploymentId(id) !== null) return await slipway.abort(id, person);
    const submission = await slipway.request(id);
    if (submission === null) throw await whyNotQueued(context, id);
    if (submission.deploymentId !== null) return await slipway.abort(submission.deploymentId, person);
    await slipway.abortQueued(submission.target, { ...person, requestId: id });
    const record = await recordOfRequest(await context.artifacts(), id);
    return (
      record ?? raise(new SlipwayError('STORE_UNAVAILABLE', `${id} was aborted, but the store has no record of it`))
    );
  });
}

async function whyNotQueued(context: Context, requestId: string): Promise<SlipwayError> {
  const record = await recordOfRequest(await context.artifacts(), requestId);
  if (record === null) return unknownId(requestId);
  return new SlipwayError('ACT_REFUSED', `${requestId} has ended already: ${record.result}`);
}

function raise(error: SlipwayError): never {
  throw error;
}

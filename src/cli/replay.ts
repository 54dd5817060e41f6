import { readSealedBlob } from '../artifacts/sealed.ts';
import type { ArtifactStore } from '../artifacts/store.ts';
import { SlipwayError } from '../contract/failure.ts';
import type { DeploymentRecord } from '../contract/record.ts';
import { parseDeploymentId } from '../contract/target.ts';
import { deploymentOf, nameOf } from '../records/names.ts';
import { readRecord } from '../records/record.ts';
import { command, type CommandFactory } from './command.ts';
import type { Context } from './context.ts';
import { namedRecord, readIfFile } from './named-record.ts';
import { harmless } from './report/paint.ts';

/** The exit code of DIFFERENT. */
const NOT_GOOD = 4;

/** Replays a history offline, for on-call staff: does this code still take the steps that were taken? */
export const replayCommand: CommandFactory = (cli) =>
  command('replay', 'Replay a history offline against this code', 'replay staging/storefront/7')
    .argument(
      '<id|file>',
      'deployment id, request id, or a history as JSON (.gz or not), also of the Temporal UI or CLI',
    )
    .action(
      cli.action<object, [string]>(async (context, { config }, text) => {
        const { readHistory } = await import('../replay/history.ts');
        const { quietenTemporal, replay } = await import('../replay/replay.ts');
        const history = readHistory(await historyNamed(context, text), text);
        quietenTemporal(context.logger);
        const artifacts = await storeIfAny(context, config);
        const sealedRecord = async (id: string) => await readSealed(artifacts, id);
        const { id, verdict, reason, notes } = await replay(history, { logger: context.logger, sealedRecord });
        context.output.answer({ id, verdict, reason, notes }, (paint) => [
          verdict === 'SAME'
            ? `${paint('green', verdict)} ${id}`
            : `${paint('red', verdict)} ${id} ${harmless(reason ?? '')}`,
          ...notes.map((note) => `  ${note}`),
        ]);
        return verdict === 'SAME' ? 0 : NOT_GOOD;
      }),
    );

/** The bytes of a history: a file's, or those that the lane put into the store when the deployment closed. */
async function historyNamed(context: Context, text: string): Promise<Buffer> {
  const file = parseDeploymentId(text) === null ? await readIfFile(text) : null;
  if (file !== null) return file;
  const artifacts = await context.artifacts();
  const { deploymentId } = await namedRecord(artifacts, text);
  const store = artifacts.component(deploymentOf(deploymentId).component);
  const kept = await readSealedBlob(store, nameOf.history(deploymentId));
  if (kept !== null) return kept;
  throw new SlipwayError(
    'UNKNOWN_DEPLOYMENT',
    `the store has no history of ${deploymentId}: it runs still, or never was; export one from the Temporal UI instead`,
  );
}

/** A laptop has a history and no platform: then there is nothing to compare with. */
async function storeIfAny(context: Context, config: string | undefined): Promise<ArtifactStore | null> {
  try {
    return await context.artifacts();
  } catch (error) {
    if (config === undefined && error instanceof SlipwayError && error.code === 'FILE_INVALID') return null;
    throw error;
  }
}

async function readSealed(artifacts: ArtifactStore | null, id: string): Promise<DeploymentRecord | null> {
  if (artifacts === null || parseDeploymentId(id) === null) return null;
  return (await readRecord(artifacts.component(deploymentOf(id).component), id))?.record ?? null;
}

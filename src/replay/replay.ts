import { existsSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import type { Logger } from 'pino';
import { SlipwayError } from '../contract/failure.ts';
import type { DeploymentRecord } from '../contract/record.ts';
import { workflowBundlePath } from '../temporal/bundle.ts';
import { replayable, workflowIdOf, type History } from './history.ts';
import { recordIn } from './record.ts';

/** What a replay came to. */
export interface Replayed {
  /** Workflow id. */
  readonly id: string;
  /** `SAME`: this code takes the very steps that the history holds, and the records agree. */
  readonly verdict: 'SAME' | 'DIFFERENT';
  /** How it differs; null exactly when it does not. */
  readonly reason: string | null;
  /** What the reader has to know beside: how the end was treated, what could not be compared. */
  readonly notes: readonly string[];
}

export interface ReplayOptions {
  readonly logger: Logger;
  /** The sealed record of a deployment, where there is a store that has one. */
  readonly sealedRecord: (deploymentId: string) => Promise<DeploymentRecord | null>;
  /** The workflows' code; this installation's unless given. */
  readonly bundle?: string;
}

/** Replays a history against this code, offline, and compares the record that it closed with. */
export async function replay(history: History, options: ReplayOptions): Promise<Replayed> {
  const { logger, sealedRecord, bundle = workflowBundlePath() } = options;
  const id = workflowIdOf(history);
  const { history: runnable, rewritten } = replayable(history);
  const notes = rewritten ? ['the last workflow task had failed: it was run again as if it had not, to see why'] : [];

  const error = await errorOfReplay(runnable, id, bundle, logger);
  if (error !== null) return { id, verdict: 'DIFFERENT', reason: error, notes };

  // Replay compares steps and codes, never the values of results.
  const own = recordIn(history);
  const sealed = own?.deploymentId ? await sealedRecord(own.deploymentId) : null;
  const compared = own === null || sealed !== null ? notes : [...notes, 'the store has no record to compare it with'];
  if (own === null || sealed === null || isDeepStrictEqual(own, sealed)) {
    return { id, verdict: 'SAME', reason: null, notes: compared };
  }
  return {
    id,
    verdict: 'DIFFERENT',
    reason: `the record in the history is not the sealed one of ${own.deploymentId}`,
    notes,
  };
}

/** Null, or what replay threw. */
async function errorOfReplay(history: History, id: string, bundle: string, logger: Logger): Promise<string | null> {
  if (!existsSync(bundle)) {
    throw new SlipwayError(
      'FILE_INVALID',
      `${bundle}: found no bundle of the workflows, expected one; run npm run build`,
    );
  }
  try {
    await Worker.runReplayHistory({ workflowBundle: { codePath: bundle } }, history, id);
    return null;
  } catch (error) {
    logger.debug({ err: error, workflowId: id }, 'replay threw');
    return error instanceof Error ? error.message : String(error);
  }
}

/** Sends Temporal's own log where ours goes, once a process: what goes wrong in a replay is told as its outcome. */
export function quietenTemporal(logger: Logger): void {
  const log = new DefaultLogger('WARN', ({ message, meta }) => logger.debug(meta ?? {}, message));
  Runtime.install({ logger: log });
}

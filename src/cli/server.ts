import { Client, isGrpcDeadlineError, type Connection } from '@temporalio/client';
import { createSlipway, type Slipway } from '../client/slipway.ts';
import { SlipwayError } from '../contract/failure.ts';
import { connect, REACHABLE_WITHIN } from '../temporal/connection.ts';
import { pollersOf } from '../temporal/pollers.ts';
import { locatePlatform } from '../up/locate.ts';
import type { Awaited } from './worker-watch.ts';

/** The platform's Temporal server, connected. */
export interface Server {
  readonly slipway: Slipway;
  pollers(queue: Pick<Awaited, 'taskQueue' | 'kind'>): Promise<number>;
  close(): Promise<void>;
}

/** Milliseconds from the start of this process: a server that is away is said to be within five seconds. */
const SAID_WITHIN = 4_500;

/** @param state the platform's `.slipway` folder. @throws TEMPORAL_UNAVAILABLE */
export async function openServer(state: string, env: NodeJS.ProcessEnv): Promise<Server> {
  const location = await locatePlatform(state, env);
  const left = Math.max(1_000, SAID_WITHIN - performance.now());
  const connection = await connect(location, Math.min(left, REACHABLE_WITHIN));
  const { namespace } = location;
  return {
    slipway: answeringInTime(createSlipway(new Client({ connection, namespace })), connection),
    pollers: ({ taskQueue, kind }) => pollersOf(connection, { namespace, taskQueue, kind }),
    close: () => connection.close(),
  };
}

/** Milliseconds after which nobody is taken to be listening: what needs a worker waits for one for ever. */
const ANSWER_WITHIN = 10_000;

/** The client, whose short questions and acts are given up after a while, with a word about why. */
function answeringInTime(slipway: Slipway, connection: Connection): Slipway {
  async function inTime<T>(ask: () => Promise<T>): Promise<T> {
    try {
      return await connection.withDeadline(Date.now() + ANSWER_WITHIN, ask);
    } catch (error) {
      if (!(error instanceof SlipwayError) || !isDeadline(error.cause)) throw error;
      const message = `no orchestrator answered within ${ANSWER_WITHIN / 1_000} s; look at slipway doctor, and start one with slipway up`;
      throw new SlipwayError('NO_WORKER', message, { cause: error.cause });
    }
  }
  return {
    ...slipway,
    deployment: (id) => inTime(() => slipway.deployment(id)),
    lane: (target) => inTime(() => slipway.lane(target)),
    lanes: () => inTime(() => slipway.lanes()),
    request: (id) => inTime(() => slipway.request(id)),
    abortQueued: (target, abort) => inTime(() => slipway.abortQueued(target, abort)),
    resume: (target, person) => inTime(() => slipway.resume(target, person)),
    unquarantine: (target, digest, person) => inTime(() => slipway.unquarantine(target, digest, person)),
  };
}

function isDeadline(error: unknown): boolean {
  return (
    isGrpcDeadlineError(error) || (error instanceof Error && error.name === 'WorkflowUpdateRPCTimeoutOrCancelledError')
  );
}

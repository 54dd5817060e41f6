import { Client } from '@temporalio/client';
import { createSlipway, type Slipway } from '../client/slipway.ts';
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
    slipway: createSlipway(new Client({ connection, namespace })),
    pollers: ({ taskQueue, kind }) => pollersOf(connection, { namespace, taskQueue, kind }),
    close: () => connection.close(),
  };
}

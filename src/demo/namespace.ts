import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Connection } from '@temporalio/client';
import { SlipwayError } from '../contract/failure.ts';
import { connect } from '../temporal/connection.ts';
import { locationFromEnvironment } from '../temporal/location.ts';

/** Seconds for which the server keeps what a demo did there: Temporal's shortest, a day. */
const RETENTION = 86_400;
/** Milliseconds within which a server takes note of a new namespace. */
const KNOWN_WITHIN = 30_000;

/** The environment of one demo, and how to leave no trace of it. */
export interface OwnNamespace {
  readonly env: NodeJS.ProcessEnv;
  remove(): Promise<void>;
}

/**
 * On a server that runs already, a demo plays in a namespace of its own: it begins its lanes from nothing, and its
 * workers must not take the tasks of a platform that works there. A server that the demo starts is all its own.
 * @throws TEMPORAL_UNAVAILABLE when the server does not answer, or does not let us make one.
 */
export async function ownNamespace(env: NodeJS.ProcessEnv): Promise<OwnNamespace> {
  const location = locationFromEnvironment(env);
  if (location === null) return { env, remove: async () => {} };
  const namespace = `slipway-demo-${randomBytes(4).toString('hex')}`;
  const connection = await connect(location);
  try {
    await register(connection, namespace);
    await untilKnown(connection, namespace);
  } catch (cause) {
    throw new SlipwayError(
      'TEMPORAL_UNAVAILABLE',
      `${location.address} does not let the demo have a namespace of its own (${(cause as Error).message}). ` +
        'Unset TEMPORAL_ADDRESS (or TEMPORAL_PROFILE), and the demo starts a server for itself.',
      { cause },
    );
  } finally {
    await connection.close();
  }
  return {
    env: { ...env, TEMPORAL_NAMESPACE: namespace },
    remove: async () => {
      const again = await connect(location);
      try {
        await again.operatorService.deleteNamespace({ namespace });
      } finally {
        await again.close();
      }
    },
  };
}

async function register(connection: Connection, namespace: string): Promise<void> {
  await connection.workflowService.registerNamespace({
    namespace,
    description: 'slipway demo',
    workflowExecutionRetentionPeriod: { seconds: RETENTION as never },
  });
}

/** Each part of a server learns of a namespace in its own time. */
async function untilKnown(connection: Connection, namespace: string): Promise<void> {
  for (const deadline = Date.now() + KNOWN_WITHIN; ; await delay(200)) {
    try {
      await connection.workflowService.listWorkflowExecutions({ namespace, pageSize: 1 });
      return;
    } catch (error) {
      if (Date.now() >= deadline) throw error;
    }
  }
}

import type { Connection } from '@temporalio/client';
import { taskQueueOf } from '../../contract/stages.ts';
import { connect } from '../../temporal/connection.ts';
import type { TemporalLocation } from '../../temporal/location.ts';
import { pollersOf, type TaskKind } from '../../temporal/pollers.ts';
import { missingSearchAttributes } from '../../temporal/search-attributes.ts';
import { bad, good, orBad, warning, type Finding } from './finding.ts';

/** The server as it runs: whether it answers, knows the search attributes, and has a worker at each task queue. */
export async function checkServer(
  location: TemporalLocation,
  environments: readonly string[],
): Promise<readonly Finding[]> {
  let connection: Connection;
  try {
    connection = await connect(location);
  } catch (error) {
    return [bad('temporal', (error as Error).message, 'Run "slipway up".')];
  }
  try {
    const { address, namespace } = location;
    const attributes = await checkSearchAttributes(connection, namespace);
    const workers = queuesOf(environments).map((queue) => checkWorkers(connection, namespace, queue));
    return [
      good('temporal', `answers at ${address}, namespace ${namespace}`),
      attributes,
      ...(await Promise.all(workers)),
    ];
  } finally {
    await connection.close();
  }
}

async function checkSearchAttributes(connection: Connection, namespace: string): Promise<Finding> {
  const mend = 'Run "slipway up", which registers them: without them every deployment hangs.';
  return orBad('search attributes', mend, async () => {
    const missing = await missingSearchAttributes(connection, namespace);
    if (missing === null) return warning('search attributes', 'this server cannot list them', mend);
    if (missing.length === 0) return good('search attributes', 'registered');
    return bad('search attributes', `missing: ${missing.join(', ')}`, mend);
  });
}

interface Queue {
  readonly name: string;
  readonly kind: TaskKind;
}

/** What has to be asked for: workflows and activities by the orchestrator, activities by the others. */
function queuesOf(environments: readonly string[]): readonly Queue[] {
  const deployers = environments.map((environment) => taskQueueOf('deployer', environment));
  return [
    { name: taskQueueOf('orchestrator', ''), kind: 'workflow' },
    ...[taskQueueOf('orchestrator', ''), taskQueueOf('builder', ''), ...deployers].map(
      (name) => ({ name, kind: 'activity' }) as const,
    ),
  ];
}

async function checkWorkers(connection: Connection, namespace: string, { name, kind }: Queue): Promise<Finding> {
  const what = kind === 'workflow' ? `worker ${name} (workflows)` : `worker ${name}`;
  const mend = `Run "slipway up"; its log is .slipway/logs/${name}.log.`;
  return orBad(what, mend, async () => {
    const pollers = await pollersOf(connection, { namespace, taskQueue: name, kind });
    return pollers > 0 ? good(what, `${pollers} polling`) : bad(what, 'none polling', mend);
  });
}

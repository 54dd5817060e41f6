import { parseArgs } from 'node:util';
import { DefaultLogger, Runtime, Worker, type WorkerOptions } from '@temporalio/worker';
import { pino, stdSerializers, stdTimeFunctions, type Logger } from 'pino';
import { openStore } from '../src/artifacts/open.ts';
import type { ArtifactStore } from '../src/artifacts/store.ts';
import { loadPlatform, pathsOf, type LoadedPlatform, type PlatformPaths } from '../src/config/load.ts';
import { secretVariablesOf } from '../src/config/secret-variables.ts';
import { SlipwayError } from '../src/contract/failure.ts';
import type { Role } from '../src/contract/stages.ts';
import { armFailpoint } from '../src/failpoints.ts';
import { exitWhenParentDies } from '../src/parent.ts';
import { openNotary } from '../src/signing/open.ts';
import { takeHandedOver } from '../src/up/handed-over.ts';
import { locatePlatform } from '../src/up/locate.ts';
import { connectWorker } from '../src/temporal/worker-connection.ts';
import type { TemporalLocation } from '../src/temporal/location.ts';

/** What a role is given to build its activities from. */
export interface WorkerSetting {
  readonly loaded: LoadedPlatform;
  readonly paths: PlatformPaths;
  readonly artifacts: ArtifactStore;
  readonly location: TemporalLocation;
  readonly logger: Logger;
  /** Of a deployer; else empty. */
  readonly environment: string;
}

/** What makes one role's worker different from another's. */
export type RoleOptions = Pick<
  WorkerOptions,
  'taskQueue' | 'activities' | 'workflowBundle' | 'maxConcurrentActivityTaskExecutions' | 'maxCachedWorkflows'
>;

/**
 * Starts the worker of one role, whose key signs all that it seals, says `ready` on stdout, and serves until SIGTERM or
 * until its `slipway up` ends.
 */
export async function serve(
  role: Role,
  options: (setting: WorkerSetting) => Promise<RoleOptions> | RoleOptions,
): Promise<void> {
  const logger = pino(
    {
      base: { role },
      serializers: { err: stdSerializers.err, error: stdSerializers.err },
      timestamp: stdTimeFunctions.isoTime,
    },
    process.stderr,
  );
  try {
    armFailpoint(process.env);
    const worker = await create(role, logger, options);
    exitWhenParentDies(process.env, () => worker.shutdown());
    process.stdout.write('ready\n');
    await worker.run();
  } catch (error) {
    logger.fatal({ err: error }, 'worker cannot serve');
    process.exitCode = error instanceof SlipwayError && error.fault === 'caller' ? 2 : 1;
  }
}

async function create(
  role: Role,
  logger: Logger,
  options: (setting: WorkerSetting) => Promise<RoleOptions> | RoleOptions,
): Promise<Worker> {
  const handedOver = takeHandedOver(process.env);
  const { values } = parseArgs({
    options: { config: { type: 'string', default: 'platform.yaml' }, environment: { type: 'string' } },
  });
  const loaded = await loadPlatform(values.config);
  const paths = pathsOf(loaded);
  const { environment = '' } = values;
  if (role === 'deployer' && environment === '')
    throw new SlipwayError('USAGE', 'a deployer needs --environment ENV: the one that it may change');
  const env = { ...process.env };
  const notary = openNotary({ loaded, env, role, environment, handedOver });
  // Nothing that a worker starts inherits its key, or what lets it into the store.
  const { signing, store } = secretVariablesOf(loaded.platform);
  for (const variable of [...signing, ...store]) delete process.env[variable];
  const location = await locatePlatform(paths.state, process.env);
  Runtime.install({
    logger: new DefaultLogger('WARN', ({ level, message, meta }) => logger[levelOf(level)](meta ?? {}, message)),
  });
  const setting = {
    loaded,
    paths,
    artifacts: await openStore(loaded, { env, notary }),
    location,
    logger,
    environment,
  };
  return await Worker.create({
    connection: await connectWorker(location, 30_000),
    namespace: location.namespace,
    shutdownGraceTime: '5s',
    // What a killed orchestrator had cached goes to the next one after this, not after ten seconds.
    stickyQueueScheduleToStartTimeout: '2s',
    // An abort reaches an activity with the answer to its next heartbeat.
    maxHeartbeatThrottleInterval: 500,
    defaultHeartbeatThrottleInterval: 500,
    ...(await options(setting)),
  });
}

function levelOf(level: string): 'warn' | 'error' {
  return level === 'ERROR' ? 'error' : 'warn';
}

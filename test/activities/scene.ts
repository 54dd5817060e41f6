import { MockActivityEnvironment } from '@temporalio/testing';
import { pino } from 'pino';
import { createDeployerActivities } from '../../activities/deployer.ts';
import { createOrchestratorActivities } from '../../activities/orchestrator.ts';
import type { RuntimeState } from '../../src/contract/activities.ts';
import { beginStage } from '../../src/contract/record.ts';
import { STAGES, type Stage } from '../../src/contract/stages.ts';
import { verifyDeployment } from '../../src/records/verify.ts';
import type { Executions } from '../../src/temporal/executions.ts';
import { createTarget } from '../records/deployments.ts';
import type { Plan } from '../records/plan.ts';
import { handsOn, scratchStore } from '../records/scratch.ts';
import { createFakeRuntime } from './fake-runtime.ts';

export const logger = pino({ level: 'silent' });
const QUIET = { trace() {}, debug() {}, info() {}, warn() {}, error() {}, log() {} };

/** Temporal, as one that knows of no deployment, and shows each that it is asked for. */
const NOTHING_KNOWN: Executions = {
  find: async () => null,
  isVisible: async () => true,
  result: async () => null,
  history: async () => null,
};

/** Runs one attempt of an activity, as a worker would. */
export async function attempt<T>(work: () => Promise<T>): Promise<T> {
  const environment = new MockActivityEnvironment({}, { logger: QUIET });
  return await environment.run(work);
}

/** A target whose second deployment is on its way: the stages up to `until` are sealed, and nothing after them. */
export async function openScene(until: Stage, plan: Plan = {}) {
  const { artifacts, path } = await scratchStore();
  const target = createTarget(artifacts);
  const { store } = target;
  const first = await target.deploy();
  const running = await target.begin(plan);
  const consumes = await running.passUpTo(until);
  const { deploymentId: id, order, release } = running;
  const isLive = STAGES.indexOf(until) >= STAGES.indexOf('deploy');
  const made: RuntimeState = { generation: 2, live: { ...release, deploymentId: id } };
  const runtime = createFakeRuntime(isLive ? made : (first.after as RuntimeState));
  const executions = { ...NOTHING_KNOWN };
  const never = (): never => {
    throw new Error('no source is needed here');
  };
  const deps = {
    artifacts,
    executions,
    logger,
    observer: runtime.driver,
    loadPlatform: never,
    openSource: never,
    env: {},
  };
  return {
    artifacts,
    store,
    target: target.target,
    id,
    order,
    /** The evidence of `until`. */
    consumes: consumes as never,
    previous: consumes.digest,
    running,
    first,
    /** What it started from. */
    restoration: { deploymentId: id, generation: 2, to: first.after?.live ?? null },
    runtime,
    executions,
    hands: handsOn(path, store.component),
    /** The record as its workflow has it when `stage` has begun. */
    draft: (stage: Stage, at = new Date().toISOString()) => beginStage(running.draft(), stage, at),
    orchestrator: createOrchestratorActivities(deps),
    deployer: createDeployerActivities({
      artifacts,
      driver: runtime.driver,
      environment: 'staging',
      scratch: path,
      secrets: { env: {}, folder: path },
      logger,
    }),
    settlement: { deploymentId: id, order, startedAt: running.draft().stages[0]?.startedAt ?? '' },
    verify: () => verifyDeployment(artifacts, id),
  };
}

export const VALID = { verdict: 'VALID', clause: null, reason: null };

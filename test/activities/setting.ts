import { EventEmitter, once } from 'node:events';
import { ApplicationFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { pino } from 'pino';
import { expect } from 'vitest';
import type { FailureDetails } from '../../src/contract/activities.ts';
import type { FailureCode } from '../../src/contract/failure.ts';
import type { Order } from '../../src/contract/order.ts';
import type { DeploymentRecord } from '../../src/contract/record.ts';
import type { Executions } from '../../src/temporal/executions.ts';
import { createTarget } from '../records/deployments.ts';
import { PLATFORM } from '../records/made-up.ts';
import { scratchStore } from '../records/scratch.ts';
import { createFakeRuntime } from './runtime.ts';

export const logger = pino({ level: 'silent' });
const QUIET = { trace() {}, debug() {}, info() {}, warn() {}, error() {}, log() {} };

/** Where one activity runs, as a worker would run it; it can be cancelled. */
export function openEnvironment(): MockActivityEnvironment {
  return new MockActivityEnvironment({}, { logger: QUIET });
}

/** Runs one activity as a worker would. */
export async function run<I, O>(activity: (input: I) => Promise<O>, input: I): Promise<O> {
  return await openEnvironment().run<[I], O, (input: I) => Promise<O>>(activity, input);
}

/** What an activity's failure says. */
export interface Said extends FailureDetails {
  readonly code: FailureCode;
  readonly message: string;
  /** Whether Temporal tries again. */
  readonly retried: boolean;
}

/** The failure of an activity, which has to fail as an activity of Slipway does. */
export async function failureOf(attempt: Promise<unknown>): Promise<Said> {
  const error = await attempt.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ApplicationFailure);
  const { type, message, nonRetryable, details } = error as ApplicationFailure;
  return { code: type as FailureCode, message, retried: nonRetryable !== true, ...(details?.[0] as FailureDetails) };
}

/** What Temporal knows, in memory. */
export function createFakeExecutions() {
  const started = new Map<string, { readonly order: Order; readonly startedAt: string }>();
  const results = new Map<string, DeploymentRecord | null>();
  const news = new EventEmitter();
  const asked = { visible: 0, history: 0 };
  let isVisible = true;
  const executions: Executions = {
    async find(deploymentId) {
      const found = started.get(deploymentId);
      const n = Number(deploymentId.split('/')[2]);
      return found === undefined ? null : { startedAt: found.startedAt, input: { n, order: found.order } };
    },
    async isVisible() {
      asked.visible += 1;
      return isVisible;
    },
    async result(deploymentId) {
      while (!results.has(deploymentId)) await once(news, 'closed');
      return results.get(deploymentId) ?? null;
    },
    async history() {
      asked.history += 1;
      return Buffer.from('a history');
    },
  };
  return {
    executions,
    asked,
    start: (deploymentId: string, order: Order, startedAt: string) =>
      void started.set(deploymentId, { order, startedAt }),
    close(deploymentId: string, record: DeploymentRecord | null): void {
      results.set(deploymentId, record);
      news.emit('closed');
    },
    /** Whether operators can find what it runs. */
    show(is: boolean): void {
      isVisible = is;
    },
  };
}

/** A real store, a scripted target in it, a runtime and a Temporal in memory. */
export async function openPlatform(file = PLATFORM) {
  const { path, artifacts } = await scratchStore();
  const target = createTarget(artifacts, { platform: file });
  const runtime = createFakeRuntime();
  const temporal = createFakeExecutions();
  const { driver } = runtime;
  const deps = {
    artifacts,
    driver,
    observer: driver,
    executions: temporal.executions,
    environment: 'staging',
    scratch: path,
    secrets: { env: {}, folder: path },
    logger,
  };
  /** A deployment that completed, and is live. */
  const deployed = async () => {
    const standing = await target.deploy();
    if (standing.after !== null) runtime.set(standing.after);
    return standing;
  };
  return { path, artifacts, store: target.store, target, runtime, temporal, deps, deployed };
}

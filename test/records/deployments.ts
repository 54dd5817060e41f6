import type { ArtifactStore } from '../../src/artifacts/store.ts';
import type { RuntimeState } from '../../src/contract/activities.ts';
import type { Digest } from '../../src/contract/digest.ts';
import type { Evidence, Findings, StagePredicate } from '../../src/contract/evidence.ts';
import { FAILURES, type FailureCode } from '../../src/contract/failure.ts';
import type { Order } from '../../src/contract/order.ts';
import { recordedRollback, resultOf } from '../../src/contract/outcome.ts';
import { beginStage, endStage, openRecord, withEvidence, type DeploymentRecord } from '../../src/contract/record.ts';
import type { LiveRelease, ReleaseRef } from '../../src/contract/release.ts';
import type { SealedRecord } from '../../src/contract/sealed-record.ts';
import { STAGES, type Stage } from '../../src/contract/stages.ts';
import { formatDeploymentId, formatTarget } from '../../src/contract/target.ts';
import { triggerOf } from '../../src/contract/trigger.ts';
import { digestOf } from '../../src/digest-of.ts';
import { newestAct } from '../../src/records/acts.ts';
import { sealConsequences } from '../../src/records/consequences.ts';
import { sealEvidence, type SealedEvidence } from '../../src/records/evidence.ts';
import { factsOf } from '../../src/records/facts.ts';
import { keepPlatform } from '../../src/records/platform.ts';
import { claimRestoration, previousRecordOf, sealRecord, type StandingRecord } from '../../src/records/record.ts';
import { findingsOf, PLATFORM, storeImage, WITHIN } from './made-up.ts';
import { orderOf, TARGET, type Ending, type Plan } from './plan.ts';

export interface TargetState {
  readonly n: number;
  readonly runtime: RuntimeState;
  /** What the newest record says of the runtime; null when it left it to a person. */
  readonly left: RuntimeState | null;
  /** Milliseconds since 1970. */
  readonly clock: number;
}

const EMPTY: RuntimeState = { generation: 0, live: null };
const BEGINNING: TargetState = { n: 0, runtime: EMPTY, left: EMPTY, clock: Date.UTC(2026, 10, 23, 9) };

/** A deployment that has begun: its stages pass one by one, until it ends. */
export interface RunningDeployment {
  readonly deploymentId: string;
  readonly order: Order;
  readonly release: ReleaseRef;
  readonly from: LiveRelease | null;
  /** What the runtime showed when it began. */
  readonly generation: number;
  /** Seals the stages up to and with `last`, passed. @returns the evidence of that one */
  passUpTo<S extends Stage>(last: S): Promise<Evidence<S>>;
  /** The record as far as it goes. */
  draft(): DeploymentRecord;
  /** The record that ends it as its plan says, and the acts that follow. */
  end(): Promise<StandingRecord>;
}

/**
 * A target whose deployments are sealed as the pipeline seals them, stage by stage, through the functions that it uses
 * itself; only what the stages find is made up.
 */
export function createTarget(
  artifacts: ArtifactStore,
  { target = TARGET, state = BEGINNING, platform = PLATFORM } = {},
) {
  const store = artifacts.component(target.component);
  const released = new Map<string, ReleaseRef>();
  let { n, runtime, left, clock } = state;
  const tick = (by = 10): string => new Date((clock += by)).toISOString();

  async function begin(plan: Plan = {}): Promise<RunningDeployment> {
    n += 1;
    runtime = plan.hand?.(runtime) ?? runtime;
    const deploymentId = formatDeploymentId(target, n);
    const order = plan.order ?? orderOf(`request-${n}`, target);
    await keepPlatform(store, platform, digestOf(platform));
    const image = await storeImage(artifacts, plan.text ?? `version ${n}`, target, plan.data);
    released.set(deploymentId, image.release);
    const sealed: Digest[] = [];
    const returnTo = plan.returnTo ?? null;
    const irreversible = plan.irreversible ?? false;
    const around = { deploymentId, order, image, returnTo, irreversible, platform, runtime, sealed, at: tick() };
    const findings = findingsOf({ ...around, newestAct: await newestAct(store, target) });
    const { generation, live: from } = runtime;
    let record = openRecord(deploymentId, order);

    async function seal<S extends Stage>(stage: S, failed: FailureCode | null): Promise<SealedEvidence<S> | null> {
      const [startedAt, finishedAt] = [tick(), tick()];
      if (plan.forge?.unsealed?.includes(stage)) return null;
      const honest: StagePredicate<S> = {
        stage,
        deploymentId,
        target: formatTarget(target),
        previous: sealed.at(-1) ?? null,
        result: failed === null ? 'passed' : 'failed',
        failure: failed && { code: failed, clause: FAILURES[failed].clause, message: 'so it is' },
        startedAt,
        finishedAt,
        findings: failed === null ? (findings[stage] as Findings[S]) : null,
      };
      const forge = plan.forge?.evidence?.[stage] as ((honest: StagePredicate<S>) => StagePredicate<S>) | undefined;
      const subject = stage === 'change-intake' || failed !== null ? null : image.descriptor;
      return await sealEvidence(store, forge?.(honest) ?? honest, subject);
    }

    async function pass(stage: Stage): Promise<void> {
      record = beginStage(record, stage, tick());
      const evidence = await seal(stage, null);
      if (stage === 'deploy') runtime = findings.completion.observed;
      if (evidence === null) {
        record = endStage(record, 'passed', tick(), null);
        return;
      }
      const facts = factsOf(stage, evidence.predicate);
      record = withEvidence(record, { stage, digest: evidence.digest, facts } as Evidence<Stage>, tick());
      sealed.push(evidence.digest);
    }

    async function fail({
      stage,
      code,
      as = 'failed',
      seals = as === 'failed',
      restored,
    }: Ending): Promise<RuntimeState | null> {
      record = beginStage(record, stage, tick());
      const evidence = seals ? await seal(stage, code) : null;
      record = endStage(record, as, tick(), evidence?.digest ?? null);
      const failure = { code, clause: FAILURES[code].clause, stage, message: 'so it is' };
      if (restored === undefined) {
        record = { ...record, failure, result: resultOf(failure, null) };
        return left;
      }
      await claimRestoration(store, { deploymentId, generation: generation + 1, at: tick() });
      const startedAt = Date.parse(tick());
      const endedAt = Date.parse(tick(restored === 'late' ? WITHIN + 1 : 10));
      const outcome = restored === 'late' ? 'restored' : restored;
      const course = { trigger: triggerOf(failure), to: from, startedAt, endedAt, within: WITHIN, restored: outcome };
      const rollback = recordedRollback(course);
      record = { ...record, failure, rollback, result: resultOf(failure, rollback) };
      if (rollback === null) return { generation: generation + 1, live: from };
      if (restored === 'left') return findings.completion.observed;
      return rollback.outcome === 'failed' ? null : { generation: generation + 2, live: from };
    }

    async function passUpTo<S extends Stage>(last: S): Promise<Evidence<S>> {
      for (const stage of STAGES.slice(record.stages.length, STAGES.indexOf(last) + 1)) await pass(stage);
      const facts = factsOf(last, { findings: findings[last] } as StagePredicate<S>);
      return { stage: last, digest: sealed.at(-1) ?? 'sha256:', facts };
    }

    async function end(): Promise<StandingRecord> {
      let after: RuntimeState | null = findings.completion.observed;
      for (const stage of STAGES.slice(record.stages.length)) {
        if (stage === plan.ends?.stage) break;
        await pass(stage);
      }
      if (plan.ends === undefined) record = { ...record, result: 'completed' };
      else after = await fail(plan.ends);
      record = { ...record, previousRecord: await previousRecordOf(store, deploymentId) };
      const honest: SealedRecord = { record, order, after, sealedAt: tick() };
      const standing = await sealRecord(store, (plan.forge?.record?.(honest) as SealedRecord | undefined) ?? honest);
      await sealConsequences(store, standing);
      left = after;
      runtime = after ?? runtime;
      return standing;
    }

    return { deploymentId, order, release: image.release, from, generation, passUpTo, draft: () => record, end };
  }

  return {
    target,
    store,
    begin,
    deploy: async (plan?: Plan): Promise<StandingRecord> => (await begin(plan)).end(),
    idOf: (number: number): string => formatDeploymentId(target, number),
    /** The release that a deployment built. */
    released(deploymentId: string): ReleaseRef {
      const release = released.get(deploymentId);
      if (release === undefined) throw new Error(`${deploymentId} built nothing`);
      return release;
    },
    /** For another target that goes on from here, in a copy of the store. */
    state: (): TargetState => ({ n, runtime, left, clock }),
  };
}

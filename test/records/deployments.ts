import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digestOf } from '../../src/artifacts/blobs.ts';
import { assembleImage, claimVersion, versionOf } from '../../src/artifacts/image.ts';
import type { ArtifactStore, Descriptor } from '../../src/artifacts/store.ts';
import type { RestorationReport, RuntimeState } from '../../src/contract/activities.ts';
import type { Digest } from '../../src/contract/digest.ts';
import type { Evidence, Findings, StagePredicate } from '../../src/contract/evidence.ts';
import { FAILURES, type FailureCode } from '../../src/contract/failure.ts';
import type { DeployOrder, Order, RollbackOrder } from '../../src/contract/order.ts';
import { recordedRollback, resultOf } from '../../src/contract/outcome.ts';
import { beginStage, endStage, openRecord, withEvidence, type DeploymentRecord } from '../../src/contract/record.ts';
import type { LiveRelease, ReleaseRef } from '../../src/contract/release.ts';
import type { SealedRecord } from '../../src/contract/sealed-record.ts';
import { STAGES, type Stage } from '../../src/contract/stages.ts';
import { formatDeploymentId, formatTarget, type Target } from '../../src/contract/target.ts';
import { triggerOf } from '../../src/contract/trigger.ts';
import { newestAct } from '../../src/records/acts.ts';
import { sealConsequences } from '../../src/records/consequences.ts';
import { sealEvidence, type SealedEvidence } from '../../src/records/evidence.ts';
import { factsOf } from '../../src/records/facts.ts';
import { keepPlatform } from '../../src/records/platform.ts';
import { claimRestoration, previousRecordOf, sealRecord, type StandingRecord } from '../../src/records/record.ts';
import { MANIFEST } from '../artifacts/parts.ts';

export const TARGET: Target = { environment: 'staging', component: 'storefront' };
export const PLATFORM = Buffer.from(`apiVersion: slipway/v1
sources: [{ name: shop, url: ./shop }]
environments: { staging: { rollbackWithin: 30s }, production: { rollbackWithin: 30s, afterRollback: continue } }
`);
export const WITHIN = 30_000;
export const REVISION = '4f0c1d2e3a4b5c6d7e8f90123456789abcdef012';
const COMMITTED_AT = Date.UTC(2026, 10, 23) / 1000;

export function orderOf(requestId: string, target = TARGET): DeployOrder {
  return { kind: 'deploy', requestId, target, by: 'ada', change: 'CHG-1', source: 'shop', revision: REVISION };
}

export function rollbackOf(requestId: string, version: string | null = null, target = TARGET): RollbackOrder {
  return { kind: 'rollback', requestId, target, by: 'ada', reason: 'customers complain', version };
}

/** How a deployment ends that does not complete. */
export interface Ending {
  readonly stage: Stage;
  readonly code: FailureCode;
  /** `failed` unless given: an abort or a termination leaves its stage `aborted`. */
  readonly as?: 'failed' | 'aborted';
  /** Whether the stage sealed that it failed; so unless it was aborted. */
  readonly seals?: boolean;
  /** What the runtime did then; nothing was tried unless given. Null: a person took over. */
  readonly restored?: RestorationReport['outcome'] | 'late' | null;
}

/** What somebody writes who can seal what he likes, and who seals everything that comes after on top of it. */
export interface Forgery {
  readonly evidence?: { readonly [S in Stage]?: (predicate: StagePredicate<S>) => unknown };
  readonly record?: (sealed: SealedRecord) => unknown;
  /** Stages that are recorded and never sealed. */
  readonly unsealed?: readonly Stage[];
}

export interface Plan {
  readonly order?: Order;
  /** What is built; other than before unless given. */
  readonly text?: string;
  /** What a rollback on request returns to. */
  readonly returnTo?: LiveRelease;
  /** Absent: it completes. */
  readonly ends?: Ending;
  readonly forge?: Forgery;
  /** What a hand did to the runtime before it began. */
  readonly hand?: (runtime: RuntimeState) => RuntimeState;
}

export interface TargetState {
  readonly n: number;
  readonly runtime: RuntimeState;
  /** What the newest record says of the runtime; null when it left it to a person. */
  readonly left: RuntimeState | null;
  /** Milliseconds since 1970. */
  readonly clock: number;
}

export const BEGINNING: TargetState = {
  n: 0,
  runtime: { generation: 0, live: null },
  left: { generation: 0, live: null },
  clock: Date.UTC(2026, 10, 23, 9),
};

/** A folder with one file in it, as an image in the store, under its version. */
export async function storeImage(
  artifacts: ArtifactStore,
  text: string,
  { component } = TARGET,
): Promise<{ readonly release: ReleaseRef; readonly descriptor: Descriptor; readonly layer: Digest }> {
  const store = artifacts.component(component);
  const folder = await mkdtemp(join(tmpdir(), 'slipway-built-'));
  try {
    await writeFile(join(folder, 'server.mjs'), text);
    const source = { repository: 'shop', revision: REVISION, committedAt: COMMITTED_AT };
    const manifest = { ...MANIFEST, component };
    const { digest, layer, descriptor } = await assembleImage({ store, folder, manifest, source });
    const version = versionOf({ ...source, digest });
    await claimVersion(store, version, descriptor);
    return { release: { version, digest }, descriptor, layer };
  } finally {
    await rm(folder, { recursive: true });
  }
}

export type ScriptedTarget = ReturnType<typeof createTarget>;

/**
 * A target whose deployments are sealed as the pipeline seals them, stage by stage, through the functions that it uses
 * itself; only what the stages find is made up here.
 */
export function createTarget(artifacts: ArtifactStore, { target = TARGET, state = BEGINNING } = {}) {
  const store = artifacts.component(target.component);
  let { n, runtime, left, clock } = state;
  const released = new Map<string, ReleaseRef>();
  const tick = (by = 10): string => new Date((clock += by)).toISOString();

  async function findings(id: string, order: Order, plan: Plan, image: Awaited<ReturnType<typeof storeImage>>) {
    const last = await newestAct(store, target);
    const { release } = image;
    const change =
      order.kind === 'deploy'
        ? {
            id: order.change,
            summary: 'Show delivery dates',
            reason: 'SHOP-881',
            requestedBy: order.by,
            carries: [order.change],
          }
        : {
            id: `rollback:${plan.returnTo?.deploymentId}`,
            summary: `Return to ${release.version}`,
            reason: order.reason,
            requestedBy: order.by,
            carries: [`rollback:${plan.returnTo?.deploymentId}`],
          };
    const source = { repository: 'shop', revision: REVISION };
    const { generation, live: from } = runtime;
    const live = { ...release, deploymentId: id };
    const digests: Digest[] = [];
    const all = {
      'change-intake': {
        order,
        change,
        source: { ...source, committedAt: COMMITTED_AT, folder: 'storefront' },
        returnTo: plan.returnTo ?? null,
        from,
        generation,
        rollbackWithin: WITHIN,
        platform: digestOf(PLATFORM),
        lane: { acts: last?.number ?? 0, last: last?.digest ?? null },
      },
      build: {
        release,
        adopted: plan.returnTo !== undefined,
        definition: digestOf(Buffer.from(release.version)),
        sandbox: 'bwrap',
        builds: [image.layer, image.layer],
      },
      verification: { artifact: release.digest, verdict: 'pass', findings: [], sandbox: 'bwrap' },
      release: { release, change: change.id, source, releasedAt: tick() },
      deploy: {
        release,
        generation: generation + 1,
        live,
        address: null,
        isolation: 'bwrap',
        instanceFolderHashes: null,
      },
      'post-deploy-verification': {
        artifact: release.digest,
        generation: generation + 1,
        verdict: { verdict: 'pass', code: null },
      },
      completion: { observed: { generation: generation + 1, live }, chain: digests, visibleSince: tick() },
    } as const satisfies { readonly [S in Stage]: Findings[S] };
    return { all, digests, from, generation };
  }

  async function deploy(plan: Plan = {}): Promise<StandingRecord> {
    n += 1;
    runtime = plan.hand?.(runtime) ?? runtime;
    const id = formatDeploymentId(target, n);
    const order = plan.order ?? orderOf(`request-${n}`, target);
    await keepPlatform(store, PLATFORM, digestOf(PLATFORM));
    const image = await storeImage(artifacts, plan.text ?? `version ${n}`, target);
    released.set(id, image.release);
    const { all, digests, from, generation } = await findings(id, order, plan, image);
    let record = openRecord(id, order);

    async function seal<S extends Stage>(stage: S, failed: FailureCode | null): Promise<SealedEvidence<S> | null> {
      const begun = tick();
      const finishedAt = tick();
      if (plan.forge?.unsealed?.includes(stage)) return null;
      const failure = failed && { code: failed, clause: FAILURES[failed].clause, message: 'so it is' };
      const honest: StagePredicate<S> = {
        stage,
        deploymentId: id,
        target: formatTarget(target),
        previous: digests.at(-1) ?? null,
        result: failed === null ? 'passed' : 'failed',
        failure,
        startedAt: begun,
        finishedAt,
        findings: failed === null ? (all[stage] as unknown as Findings[S]) : null,
      };
      const forge = plan.forge?.evidence?.[stage] as ((honest: StagePredicate<S>) => StagePredicate<S>) | undefined;
      const sealed = STAGES.indexOf(stage) > 0 && honest.findings !== null ? image.descriptor : null;
      return await sealEvidence(store, forge?.(honest) ?? honest, sealed);
    }

    for (const stage of STAGES) {
      record = beginStage(record, stage, tick());
      if (plan.ends?.stage === stage) break;
      const evidence = await seal(stage, null);
      if (evidence === null) record = endStage(record, 'passed', tick(), null);
      else {
        const facts = factsOf(stage, evidence.predicate);
        record = withEvidence(record, { stage, digest: evidence.digest, facts } as Evidence<Stage>, tick());
        digests.push(evidence.digest);
      }
      if (stage === 'deploy') runtime = all.deploy;
    }
    const end = plan.ends === undefined ? null : await endWith(plan.ends);
    const ended: DeploymentRecord = { ...record, ...(end?.ended ?? { result: 'completed' }) };
    const known = end === null ? all.completion.observed : end.after;
    const honest: SealedRecord = {
      record: { ...ended, previousRecord: await previousRecordOf(store, id) },
      order,
      after: known,
      sealedAt: tick(),
    };
    const sealed = await sealRecord(store, (plan.forge?.record?.(honest) as SealedRecord | undefined) ?? honest);
    await sealConsequences(store, sealed);
    left = known;
    if (known !== null) runtime = known;
    return sealed;

    async function endWith({ stage, code, as = 'failed', seals = as === 'failed', restored }: Ending) {
      const evidence = seals ? await seal(stage, code) : null;
      record = endStage(record, as, tick(), evidence?.digest ?? null);
      const failure = { code, clause: FAILURES[code].clause, stage, message: 'so it is' };
      if (restored === undefined) {
        return { ended: { failure, result: resultOf(failure, null) }, after: left };
      }
      await claimRestoration(store, { deploymentId: id, generation: generation + 1, at: tick() });
      const startedAt = Date.parse(tick());
      const endedAt = Date.parse(tick(restored === 'late' ? WITHIN + 1 : 10));
      const outcome = restored === 'late' ? 'restored' : restored;
      const course = { trigger: triggerOf(failure), to: from, startedAt, endedAt, within: WITHIN, restored: outcome };
      const rollback = recordedRollback(course);
      const after: RuntimeState | null =
        rollback === null
          ? { generation: generation + 1, live: from }
          : rollback.outcome === 'failed'
            ? null
            : { generation: generation + 2, live: from };
      return { ended: { failure, rollback, result: resultOf(failure, rollback) }, after };
    }
  }

  return {
    target,
    store,
    deploy,
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

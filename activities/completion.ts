import type { Logger } from 'pino';
import type { ArtifactStore, ComponentStore } from '../src/artifacts/store.ts';
import { parsePlatform } from '../src/config/load.ts';
import type { CompletionInput, OrchestratorActivities, RuntimeState, SealInput } from '../src/contract/activities.ts';
import type { CompletionFindings, StagePredicate } from '../src/contract/evidence.ts';
import type { DoneVerdict } from '../src/contract/done.ts';
import { SlipwayError } from '../src/contract/failure.ts';
import { beginStage, endStage, openRecord, withEvidence, type DeploymentRecord } from '../src/contract/record.ts';
import { STAGES } from '../src/contract/stages.ts';
import { notBefore } from '../src/contract/time.ts';
import { evaluateDone } from '../src/done/evaluate.ts';
import { loadChain, type ChainTo } from '../src/records/chain.ts';
import { sealConsequences } from '../src/records/consequences.ts';
import { doneInputOf } from '../src/records/done-input.ts';
import { readEvidence } from '../src/records/evidence.ts';
import { factsOf } from '../src/records/facts.ts';
import { faultOfEnding } from '../src/records/ending-fault.ts';
import { standingImage } from '../src/records/image.ts';
import { deploymentOf } from '../src/records/names.ts';
import { readPlatform } from '../src/records/platform.ts';
import { previousRecordOf, readClaim, readRecord, sealRecord, standingRecord } from '../src/records/record.ts';
import type { RuntimeObserver } from '../src/runtime/driver.ts';
import type { Executions } from '../src/temporal/executions.ts';
import { untilVisible } from '../src/temporal/visibility.ts';
import { perform } from './activity.ts';
import { carryOut } from './stage.ts';

export interface CompletionDeps {
  readonly artifacts: ArtifactStore;
  readonly observer: RuntimeObserver;
  readonly executions: Executions;
  readonly logger: Logger;
}

type Proved = ChainTo<'post-deploy-verification'>;

/**
 * Stage 7 as Completion (§11): the chain is whole, the runtime shows this deployment's release at its generation, its
 * status is visible to operators, and the record is stored and read back. A deployment that did not come so far has its
 * record sealed as well (§14).
 */
export function createCompletion(deps: CompletionDeps): Pick<OrchestratorActivities, 'complete' | 'sealRecord'> {
  return {
    complete: (input) => complete(deps, input),
    sealRecord: (input) =>
      perform(deps.logger.child({ deploymentId: input.record.deploymentId }), 'always', async () => {
        await refuseSettled(deps, input);
        await refuseLive(deps, input);
        return await sealEnded(deps, input);
      }),
  };
}

async function complete(
  deps: CompletionDeps,
  { deploymentId, consumes, draft }: CompletionInput,
): Promise<DeploymentRecord> {
  const { n: _, ...target } = deploymentOf(deploymentId);
  const store = deps.artifacts.component(target.component);
  const request = { stage: 'completion', deploymentId, previous: consumes.digest } as const;
  const logger = deps.logger.child({ deploymentId, stage: 'completion' });
  const standing = await perform(logger, 'faults', () => standingCompletion(store, deploymentId));
  if (standing !== null) return standing;
  const evidence = await carryOut(deps, request, async ({ signal }) => {
    const chain = await loadChain(store, deploymentId, 'post-deploy-verification', consumes.digest);
    const { release } = chain.release.findings;
    const observed = await deps.observer.observe(target, signal);
    refuseOtherState(deploymentId, chain, observed);
    const image = await standingImage(store, release);
    const done = await judgeDone(store, deploymentId, chain);
    const failure = violationIn(done);
    if (failure !== null) return { image, findings: findingsOf(chain, observed, null, done), failure };
    const visibleSince = await untilVisible(deps.executions, deploymentId, signal);
    return { image, findings: findingsOf(chain, observed, visibleSince, done) };
  });
  return await perform(logger, 'faults', async () => {
    const chain = await loadChain(store, deploymentId, 'completion', evidence.digest);
    const { order } = chain['change-intake'].findings;
    // The draft's times are the workflow's; this clock may be behind that one.
    const finishedAt = notBefore(draft.stages.at(-1)?.startedAt ?? '', new Date().toISOString());
    const ended = endStage(draft, 'passed', finishedAt, evidence.digest);
    refuseOtherDraft(ended, chain);
    const previousRecord = await previousRecordOf(store, deploymentId);
    const record: DeploymentRecord = { ...proved(deploymentId, chain, ended), result: 'completed', previousRecord };
    const sealedAt = new Date().toISOString();
    const sealed = await sealRecord(store, { record, order, after: chain.completion.findings.observed, sealedAt });
    await sealConsequences(store, sealed);
    return sealed.record;
  });
}

/** The record as the chain has it: of what the workflow says, the times of the stages alone are taken over. */
function proved(deploymentId: string, chain: ChainTo<'completion'>, { stages }: DeploymentRecord): DeploymentRecord {
  let record = openRecord(deploymentId, chain['change-intake'].findings.order);
  for (const { stage, startedAt, finishedAt } of stages) {
    const { digest, findings } = chain[stage];
    const facts = factsOf(stage, { findings } as StagePredicate);
    record = beginStage(record, stage, startedAt);
    record = withEvidence(record, { stage, digest, facts }, finishedAt ?? startedAt);
  }
  return record;
}

/** The record of an attempt before this one, which may have been cut short before it sealed what follows from it. */
async function standingCompletion(store: ComponentStore, deploymentId: string): Promise<DeploymentRecord | null> {
  const standing = await standingRecord(store, deploymentId);
  if (standing?.record.result !== 'completed') return null;
  await sealConsequences(store, standing);
  return standing.record;
}

/**
 * A run that had nothing to undo finds its deployment claimed for restoration: it was reset while its lane settles it.
 * What the runtime shows after that is the settlement's to say.
 */
async function refuseSettled(
  { artifacts }: Pick<CompletionDeps, 'artifacts'>,
  { record: { deploymentId, rollback }, after }: SealInput,
): Promise<void> {
  if (deploymentId === null || rollback !== null || after !== null) return;
  const store = artifacts.component(deploymentOf(deploymentId).component);
  if ((await readRecord(store, deploymentId)) !== null || (await readClaim(store, deploymentId)) === null) return;
  throw new SlipwayError('UNTRUSTED_EVIDENCE', `${deploymentId} is being settled: its lane seals its record`);
}

/**
 * A deployment that may have been activated ends once it is restored, or once a person has taken over: not while it is
 * live, whatever its caller says.
 */
async function refuseLive(
  { artifacts, observer }: Pick<CompletionDeps, 'artifacts' | 'observer'>,
  { record: { deploymentId, rollback }, after }: SealInput,
): Promise<void> {
  if (deploymentId === null || (rollback?.outcome === 'failed' && after === null)) return;
  const { n: _, ...target } = deploymentOf(deploymentId);
  const store = artifacts.component(target.component);
  if ((await readEvidence(store, deploymentId, 'release'))?.predicate.result !== 'passed') return;
  if ((await readRecord(store, deploymentId)) !== null || (await readClaim(store, deploymentId)) !== null) return;
  const { live } = await observer.observe(target);
  if (live?.deploymentId !== deploymentId) return;
  throw new SlipwayError('UNTRUSTED_EVIDENCE', `${deploymentId} is live, and nobody has restored what was before it`);
}

/** Seals the record of a deployment that did not complete, what follows from it, and answers with what stands. */
export async function sealEnded(deps: Pick<CompletionDeps, 'artifacts'>, input: SealInput): Promise<DeploymentRecord> {
  const { record, order, after } = input;
  const id = record.deploymentId;
  if (id === null) throw new TypeError('an order that ended in the queue is sealed as an act');
  const store = deps.artifacts.component(deploymentOf(id).component);
  if (record.result === null || record.result === 'completed') {
    const found = `the record of ${id} says ${record.result ?? 'that it still runs'}`;
    throw new SlipwayError(
      'UNTRUSTED_EVIDENCE',
      `${found}: only completion seals that, and only once it is proved (§11)`,
    );
  }
  const fault = await faultOfEnding(store, id, input);
  if (fault !== null) throw new SlipwayError('UNTRUSTED_EVIDENCE', `the record of ${id} is not sealed: ${fault}`);
  const previousRecord = await previousRecordOf(store, id);
  const known = after ?? (await stateBefore(store, id, record));
  const sealedAt = new Date().toISOString();
  const sealed = await sealRecord(store, { record: { ...record, previousRecord }, order, after: known, sealedAt });
  await sealConsequences(store, sealed);
  return sealed.record;
}

/**
 * A deployment that never came near the runtime leaves it as the record before says; that is not looked at again, so a
 * hand in between is still seen by the next change intake. After a rollback that failed, nobody knows.
 */
async function stateBefore(store: ComponentStore, id: string, record: DeploymentRecord): Promise<RuntimeState | null> {
  if (record.rollback !== null) return null;
  const { n, ...target } = deploymentOf(id);
  if (n === 1) return { generation: 0, live: null };
  const before = await readRecord(store, `${target.environment}/${target.component}/${n - 1}`);
  return before?.after ?? null;
}

function findingsOf(
  chain: Proved,
  { generation, live }: RuntimeState,
  visibleSince: string | null,
  done: readonly DoneVerdict[],
): CompletionFindings {
  const six = STAGES.slice(0, -1) as readonly (keyof Proved)[];
  return { observed: { generation, live }, chain: six.map((stage) => chain[stage].digest), visibleSince, done };
}

/** The rules of the Definition of Done: the contract's, and those of the platform file that it went by (§11). */
async function judgeDone(store: ComponentStore, deploymentId: string, chain: Proved): Promise<readonly DoneVerdict[]> {
  const platform = parsePlatform(await readPlatform(store, chain['change-intake'].findings.platform));
  return await evaluateDone(platform.definitionOfDone, await doneInputOf(store, deploymentId, chain));
}

/** The first rule that does not hold, by its name. */
function violationIn(done: readonly DoneVerdict[]): SlipwayError | null {
  const violated = done.find(({ holds }) => !holds);
  if (violated === undefined) return null;
  return new SlipwayError(
    'DEFINITION_OF_DONE_VIOLATED',
    `the rule "${violated.name}" does not hold: ${violated.message} (§11)`,
  );
}

/** The Definition of Done that the contract itself demands (§11): live is what was released, at this generation. */
function refuseOtherState(deploymentId: string, chain: Proved, { generation, live }: RuntimeState): void {
  const { release, generation: own } = chain.deploy.findings;
  if (generation === own && live?.digest === release.digest && live.deploymentId === deploymentId) return;
  throw new SlipwayError(
    'DEFINITION_OF_DONE_VIOLATED',
    `the runtime shows ${live?.version ?? 'nothing'} at generation ${generation}; expected ${release.version} at ${own} (§11, §15)`,
  );
}

/** The workflow keeps the times; what was proved is read from the chain, and both have to name the same evidence. */
function refuseOtherDraft(draft: DeploymentRecord, chain: ChainTo<'completion'>): void {
  for (const [index, stage] of STAGES.entries()) {
    const entry = draft.stages[index];
    if (entry?.stage === stage && entry.result === 'passed' && entry.evidence === chain[stage].digest) continue;
    throw new SlipwayError(
      'DEFINITION_OF_DONE_VIOLATED',
      `the record names ${entry?.evidence ?? 'no evidence'} for ${stage}; sealed is ${chain[stage].digest} (§11)`,
    );
  }
}

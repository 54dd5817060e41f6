import type { Logger } from 'pino';
import type { ArtifactStore, ComponentStore, Descriptor } from '../src/artifacts/store.ts';
import type { FailureDetails } from '../src/contract/activities.ts';
import type { Digest } from '../src/contract/digest.ts';
import type { Evidence, Findings, StagePredicate } from '../src/contract/evidence.ts';
import { SlipwayError } from '../src/contract/failure.ts';
import { stageBefore, type Stage } from '../src/contract/stages.ts';
import { formatTarget, type Target } from '../src/contract/target.ts';
import { notBefore } from '../src/contract/time.ts';
import { readEvidence, requireSignedEvidence, sealEvidence, type SealedEvidence } from '../src/records/evidence.ts';
import { factsOf } from '../src/records/facts.ts';
import { deploymentOf } from '../src/records/names.ts';
import { isDecided, standingRecord } from '../src/records/record.ts';
import { perform, StageError, type Work } from './activity.ts';

/** One stage of one deployment, as its work sees it. */
export interface StageWork extends Work {
  readonly deploymentId: string;
  readonly target: Target;
  readonly store: ComponentStore;
}

/** What a stage found, and the image that it is about, once there is one. */
export interface StageFindings<S extends Stage> {
  readonly findings: Findings[S];
  readonly image: Descriptor | null;
  /** A stage that found the change wanting seals that as well, with what it had by then. */
  readonly failure?: SlipwayError;
}

export interface StageRequest<S extends Stage> {
  readonly stage: S;
  readonly deploymentId: string;
  /** The evidence that the stage consumes. */
  readonly previous: Digest | null;
  /** Whether evidence that stands answers this very request; unless given, it does when it consumed the same. */
  readonly isOwn?: (findings: Findings[S]) => boolean;
  /** What a failure says beside its evidence, as far as the stage has come. */
  readonly details?: () => Partial<FailureDetails>;
}

/**
 * Carries out one stage and seals what it proved, passed or failed. What is sealed stands: repeated after a lost
 * answer, or in a reset run, the stage answers with the evidence that is there, and after the record with the record.
 * Once the seventh stage is decided nothing more is sealed: whoever restores has changed what this stage looked at.
 */
export async function carryOut<S extends Stage>(
  deps: { readonly artifacts: ArtifactStore; readonly logger: Logger },
  request: StageRequest<S>,
  work: (stage: StageWork) => Promise<StageFindings<S>>,
): Promise<Evidence<S>> {
  const { stage, deploymentId, previous } = request;
  const logger = deps.logger.child({ deploymentId, stage });
  return await perform(logger, 'faults', async (context) => {
    const { n: _, ...target } = deploymentOf(deploymentId);
    const store = deps.artifacts.component(target.component);
    await refuseEnded(store, deploymentId);
    const standing = await readEvidence(store, deploymentId, stage);
    if (standing !== null) return await answer(store, standing, request);
    const startedAt = new Date().toISOString();
    const state = (end: Pick<StagePredicate<S>, 'result' | 'failure' | 'findings'>): StagePredicate<S> => ({
      stage,
      deploymentId,
      target: formatTarget(target),
      previous,
      startedAt,
      finishedAt: notBefore(startedAt, new Date().toISOString()),
      ...end,
    });
    const seal = async (
      end: Pick<StagePredicate<S>, 'result' | 'failure' | 'findings'>,
      image: Descriptor | null,
    ): Promise<Evidence<S>> => {
      await refuseEnded(store, deploymentId);
      return await answer(store, await sealEvidence(store, state(end), image), request);
    };
    try {
      const { findings, image, failure } = await work({ ...context, logger, deploymentId, target, store });
      if (failure !== undefined) context.signal.throwIfAborted();
      const end = failure === undefined ? { result: 'passed' as const, failure: null } : failed(failure);
      return await seal({ ...end, findings }, image);
    } catch (error) {
      // What is stopped by an abort looks like something that died: nothing that it says then is evidence.
      if (!(error instanceof SlipwayError) || error instanceof StageError || context.signal.aborted) throw error;
      if (error.fault === 'platform' || !(await isTrusted(store, request, error))) {
        throw request.details === undefined ? error : new StageError(error, request.details());
      }
      return await seal({ ...failed(error), findings: null }, null);
    }
  });
}

/**
 * Whether a failure is that of the deployment's own stage. Nothing is sealed for a caller who brought another chain, or
 * asked in the wrong place: it would stand in the way of the deployment itself.
 */
async function isTrusted<S extends Stage>(
  store: ComponentStore,
  { stage, deploymentId, previous }: StageRequest<S>,
  error: SlipwayError,
): Promise<boolean> {
  if (error.code === 'UNTRUSTED_EVIDENCE') return false;
  const before: Stage | null = stageBefore(stage);
  return before === null || (await readEvidence(store, deploymentId, before))?.digest === previous;
}

/** The evidence that stands, as the workflow takes it; a failed one is thrown, with its digest. */
async function answer<S extends Stage>(
  store: ComponentStore,
  standing: SealedEvidence<S>,
  request: StageRequest<S>,
): Promise<Evidence<S>> {
  const { stage, deploymentId, previous, isOwn, details } = request;
  const { predicate, digest } = standing;
  await requireSignedEvidence(store, standing, true);
  if (predicate.findings !== null && isOwn?.(predicate.findings) === false) {
    throw new SlipwayError(
      'UNTRUSTED_EVIDENCE',
      `${stage} of ${deploymentId} was carried out for somebody else's order`,
    );
  }
  if (predicate.previous !== previous) {
    throw new SlipwayError(
      'UNTRUSTED_EVIDENCE',
      `${stage} of ${deploymentId} was carried out on ${predicate.previous ?? 'nothing'}, not on ${previous ?? 'nothing'}`,
    );
  }
  if (predicate.failure !== null) {
    const error = new SlipwayError(predicate.failure.code, predicate.failure.message);
    throw new StageError(error, { ...details?.(), evidence: digest });
  }
  return { stage, digest, facts: factsOf(stage, predicate) };
}

/** A deployment that has ended, or is being restored, proves nothing more: whoever runs it is given its record. */
async function refuseEnded(store: ComponentStore, deploymentId: string): Promise<void> {
  const record = await standingRecord(store, deploymentId);
  if (record !== null) {
    const ended = `${deploymentId} has ended: its record ${record.digest} stands`;
    throw new StageError(new SlipwayError('EVIDENCE_REUSED', ended), { sealed: record.record });
  }
  if (!(await isDecided(store, deploymentId))) return;
  const restored = `${deploymentId} is being restored: no stage of it is carried out any more`;
  throw new StageError(new SlipwayError('EVIDENCE_REUSED', restored), {});
}

function failed(error: SlipwayError): Pick<StagePredicate, 'result' | 'failure'> {
  return { result: 'failed', failure: { code: error.code, clause: error.clause, message: error.message } };
}

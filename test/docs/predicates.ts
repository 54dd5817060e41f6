import type { ActPredicate, QuarantineChange } from '../../src/contract/acts.ts';
import type { BuildFindings, BuildOrigin, StagePredicate } from '../../src/contract/evidence.ts';
import type { RestorationIntent, SealedRecord } from '../../src/contract/sealed-record.ts';
import type { DegradationPredicate } from '../../src/contract/watch.ts';

// The forms that docs/schemas publishes, each under the name by which it is generated. Their docstrings go out with them.

/** What Change Intake admitted (§5): the order, the change and its commits, and what the runtime showed before. */
export type ChangeIntake = StagePredicate<'change-intake'>;

/** How the artifact was made (§6). In a SLSA provenance it stands under `slipway_stage`. */
export type Build = StagePredicate<'build'>;

/** What was seen of the very bytes that were built, running, before they were released (§7). In a SLSA verification summary it stands under `slipway_stage`. */
export type Verification = StagePredicate<'verification'>;

/** That the artifact is eligible (§8). In a SLSA verification summary it stands under `slipway_stage`. */
export type Release = StagePredicate<'release'>;

/** What the runtime was brought to (§9), and the way back from there (§13). */
export type Deploy = StagePredicate<'deploy'>;

/** How the live release was seen to be well (§10): the samples, and the verdict that follows from them. */
export type PostDeployVerification = StagePredicate<'post-deploy-verification'>;

/** That the deployment is done (§11): what was observed at its end, and the six evidences before. */
export type Completion = StagePredicate<'completion'>;

/** How an artifact was made, by whatever deployment adopts it: the field `slipway_build` of its own SLSA provenance. */
export type BuildProvenance = BuildFindings & { readonly origin: BuildOrigin };

/** What was deployed, when and why (§14), as it was sealed at a deployment's end. */
export type Record = SealedRecord;

/** That a deployment is being restored, and therefore never completes (§13). */
export type Restoration = RestorationIntent;

/** What happened to a target beside its deployments, or to a digest for every target of its component (§12). */
export type SealedAct = ActPredicate | QuarantineChange;

/** That a release got worse after its completion (§12). */
export type Watch = DegradationPredicate;

import type { Digest } from './digest.ts';
import type { DoneVerdict } from './done.ts';
import type { Receiver } from './event.ts';
import type { Clause, FailureCode } from './failure.ts';
import type { Order } from './order.ts';
import type { SoakFigures } from './record.ts';
import type { LiveRelease, ReleaseRef } from './release.ts';
import type { Stage, StageBefore } from './stages.ts';
import type { WayBack } from './way-back.ts';

/**
 * A stage's evidence as the workflow carries it: the name of the sealed statement, and those of its facts that later
 * steps of the workflow read. `Evidence<'build'>` goes into verification and fits nothing else (§4).
 */
export interface Evidence<S extends Stage> {
  readonly stage: S;
  /** Digest of the sealed envelope. */
  readonly digest: Digest;
  readonly facts: Facts[S];
}

/** Whether `evidence` is that of `stage`, for the compiler too. */
export function isOf<S extends Stage>(stage: S, evidence: Evidence<Stage>): evidence is Evidence<S> {
  return evidence.stage === stage;
}

/** The evidence that a stage consumes: that of the stage before it, or nothing. */
export type Consumed<S extends Stage> = StageBefore[S] extends Stage ? Evidence<StageBefore[S]> : null;

export interface Facts {
  'change-intake': {
    readonly summary: string;
    readonly reason: string;
    readonly changeId: string;
    readonly carries: readonly string[];
    readonly source: { readonly repository: string; readonly revision: string };
    /** What the runtime showed: the version and generation that this deployment starts from (§2). */
    readonly from: LiveRelease | null;
    readonly generation: number;
    /** Milliseconds within which a rollback has to be done (§13). */
    readonly rollbackWithin: number;
    /** Who is told what becomes of it; absent where nobody is. */
    readonly receivers?: readonly Receiver[];
  };
  build: ReleaseRef;
  verification: null;
  /** The way back as far as it is known before Deploy; null where Deploy has to prove it. */
  release: WayBack | null;
  /** Null in evidence of earlier versions. */
  deploy: WayBack | null;
  /** Null where nothing was counted. */
  'post-deploy-verification': SoakFigures | null;
  completion: null;
}

/** The predicate of a stage's in-toto statement. */
export interface StagePredicate<S extends Stage = Stage> {
  readonly stage: S;
  readonly deploymentId: string;
  readonly target: string;
  /** The evidence of the stage before. */
  readonly previous: Digest | null;
  readonly result: 'passed' | 'failed';
  /** Null exactly when it passed. */
  readonly failure: { readonly code: FailureCode; readonly clause: Clause | null; readonly message: string } | null;
  /** The activity's clock. @format date-time */
  readonly startedAt: string;
  /** @format date-time */
  readonly finishedAt: string;
  /** What the stage found and proved; on failure, what it had by then. */
  readonly findings: Findings[S] | null;
}

/** What each stage seals. Samples, hashes and digests: never contents, never secrets. */
export interface Findings {
  'change-intake': IntakeFindings;
  build: BuildFindings;
  verification: {
    readonly artifact: Digest;
    readonly verdict: string;
    readonly findings: readonly unknown[];
    readonly sandbox: string;
    /** What its verification summary says beside. Earlier versions lack it. */
    readonly summary?: Summary;
  };
  release: {
    readonly release: ReleaseRef;
    readonly change: string;
    readonly source: { readonly repository: string; readonly revision: string };
    /** @format date-time */
    readonly releasedAt: string;
    /** The way back, where it needs no proof or there is none; null where Deploy proves it. Earlier versions lack it. */
    readonly wayBack?: WayBack | null;
    /** What its verification summary says beside. Earlier versions lack it. */
    readonly summary?: Summary;
  };
  deploy: DeployFindings;
  'post-deploy-verification': { readonly artifact: Digest; readonly generation: number; readonly verdict: unknown };
  completion: CompletionFindings;
}

/** By what an artifact was judged, and how it was built (SLSA v1.1, verification summary and build track). */
export interface Summary {
  /** SHA-256 of the platform file. */
  readonly platform: Digest;
  /** Level 2 is a signed provenance of an isolated build; without a sandbox it is level 1. */
  readonly level: 'SLSA_BUILD_LEVEL_1' | 'SLSA_BUILD_LEVEL_2';
  /** All evidence that it was judged by, in order; empty where a rollback's whole chain was proved again. */
  readonly inputs: readonly Digest[];
}

export interface IntakeFindings {
  readonly order: Order;
  readonly change: {
    readonly id: string;
    readonly summary: string;
    readonly reason: string;
    readonly requestedBy: string;
    readonly carries: readonly string[];
    /** Those of `carries` that declare that there may be no way back (§13). Absent where none does. */
    readonly irreversible?: readonly string[];
  };
  readonly source: {
    readonly repository: string;
    readonly revision: string;
    readonly committedAt: number;
    readonly folder: string;
  };
  /** A rollback's release, already built and released here. */
  readonly returnTo: LiveRelease | null;
  readonly from: LiveRelease | null;
  readonly generation: number;
  /** Milliseconds (§13), as the platform file declares it. */
  readonly rollbackWithin: number;
  /** Who is told what becomes of it, by name; absent where nobody is. */
  readonly receivers?: readonly Receiver[];
  /** SHA-256 of the platform file; each stage uses that content. */
  readonly platform: Digest;
  /** The newest act of the lane when this deployment began. */
  readonly lane: { readonly acts: number; readonly last: Digest | null };
}

export interface BuildFindings {
  readonly release: ReleaseRef;
  readonly adopted: boolean;
  readonly definition: Digest;
  readonly sandbox: string;
  /** Digests of the two builds' outputs; equal, or it would not have passed (§6). */
  readonly builds: readonly [string, string];
  /** How these bytes were made; an adoption repeats it. Earlier versions lack it. */
  readonly origin?: BuildOrigin;
}

/** How an artifact's bytes were made, and of what: what its provenance says (SLSA v1, provenance). */
export interface BuildOrigin {
  /** The deployment whose Build made them. */
  readonly deploymentId: string;
  /** That Build's clock. @format date-time */
  readonly startedAt: string;
  /** @format date-time */
  readonly finishedAt: string;
  readonly source: {
    readonly repository: string;
    /** 40 hex digits. @pattern ^[0-9a-f]{40}$ */
    readonly revision: string;
    /** The component's folder in the repository; `.` when it is the whole of it. */
    readonly folder: string;
  };
  /** What was fetched for the build before it ran without network; null where nothing was. */
  readonly dependencies: FetchedDependencies | null;
  /** The image that the component's layer was appended to; null where there is none. */
  readonly base: { readonly reference: string; readonly digest: Digest } | null;
  /** The bytes of its SBOM (CycloneDX). */
  readonly sbom: Digest;
  /** The component's lock file, whether anything was fetched by it or not; null where there is none. Earlier versions lack it. */
  readonly lock?: LockFile | null;
}

export interface LockFile {
  /** In the repository. */
  readonly path: string;
  readonly digest: Digest;
}

export interface FetchedDependencies {
  /** The package manager, and its version: `npm 10.8.2`. */
  readonly manager: string;
  readonly lock: LockFile;
  readonly packages: number;
}

export interface DeployFindings {
  readonly release: ReleaseRef;
  readonly generation: number;
  readonly live: LiveRelease | null;
  readonly address: string | null;
  readonly isolation: string;
  readonly instanceFolderHashes: { readonly before: string; readonly after: string } | null;
  /** As it was before the runtime was touched. Earlier versions lack it. */
  readonly wayBack?: WayBack;
}

export interface CompletionFindings {
  readonly observed: { readonly generation: number; readonly live: LiveRelease | null };
  /** The six evidences before, in order. */
  readonly chain: readonly Digest[];
  /** Null where the Definition of Done was violated before anybody asked. @format date-time */
  readonly visibleSince: string | null;
  /** What each rule of the Definition of Done came to (§11). Earlier versions lack it. */
  readonly done?: readonly DoneVerdict[];
}

import type { FetchedDependencies } from '../../contract/evidence.ts';
import type { SlipwayError } from '../../contract/failure.ts';
import type { SourceFile } from '../../source/repository.ts';
import type { Limits, Sandbox, SandboxJob, SandboxResult, Share } from '../sandbox.ts';

/** A package manager: how a component's dependencies come into a build that runs without network. */
export interface DependencyManager {
  /** As `build.dependencies` names it. */
  readonly name: string;
  /**
   * Brings the packages that the component's lock file names into a cache of their own, with network, without any
   * secret, and with no code of a package run; a cache that is there is used again. What does not fit is refused first.
   * @throws DEPENDENCIES_INVALID naming the package and the place; DEPENDENCIES_UNAVAILABLE; the signal's reason.
   */
  fetch(request: FetchRequest): Promise<Dependencies>;
}

export interface FetchRequest {
  /** The component's files at its revision, and the folder of the repository that it lies in. */
  readonly files: readonly SourceFile[];
  readonly folder: string;
  /** Folder of this builder where caches are kept; made where it is missing. */
  readonly caches: string;
  readonly sandbox: Sandbox;
  readonly limits: Limits;
  readonly signal?: AbortSignal | undefined;
}

export interface Dependencies {
  /** For the evidence. */
  readonly fetched: FetchedDependencies;
  readonly inside: DependenciesInside;
}

/** How a sandboxed build comes by them. */
export interface DependenciesInside {
  /** The cache, read-only. */
  readonly share: Share;
  readonly environment: SandboxJob['environment'];
  /** Installs from the cache what the lock file names, in the component's folder, before the build's own command. */
  readonly prepare: string;
  /** What it means that this went wrong. A cache that is damaged is given up, so that the next try fetches anew. */
  whyUnprepared(result: SandboxResult): Promise<SlipwayError>;
}

import path from 'node:path';
import type { Manifest } from '../config/manifest.ts';
import { SlipwayError } from '../contract/failure.ts';
import { refuseInstancePaths, refuseUnsafePaths } from './component-paths.ts';
import { componentFiles, findComponent } from './component.ts';
import { gatherFacts } from './gather.ts';
import { judgeUnits } from './judgement.ts';
import type { PathFilter, SourceRepository } from './repository.ts';

export interface AdmissionRequest {
  readonly repository: SourceRepository;
  readonly component: string;
  /** The change that the order names; null (`slipway check` without one) takes the newest carried. */
  readonly change: string | null;
  /** Full hash. */
  readonly revision: string;
  /** What the target runs; null before its first deployment. */
  readonly live: { readonly revision: string } | null;
  /** Absolute path of the platform's instances folder, refused to components when it lies in the source (§3). */
  readonly instances?: string;
}

/** What Change Intake lets in. */
export interface Admission {
  readonly component: string;
  /** From the repository's root; empty when it is the root. */
  readonly folder: string;
  readonly manifest: Manifest;
  readonly change: {
    readonly id: string;
    readonly summary: string;
    readonly reason: string;
    /** Every change that the deployment brings, oldest first. */
    readonly carries: readonly string[];
    /** Those among them that may go out although there is no way back (§13). */
    readonly irreversible: readonly string[];
  };
  readonly revision: string;
  /** Seconds since 1970 of the commit. */
  readonly committedAt: number;
  /** Whether a path from the repository's root is one of the component's files. */
  readonly files: PathFilter;
}

/**
 * Change Intake's judgement (§5), the same for a deployment and for `slipway check`. Reads what the mirror holds (`fetch`
 * before, for what the branches hold now) and changes nothing.
 *
 * @throws UNKNOWN_REVISION, AMBIGUOUS_REVISION, REVISION_NOT_ON_BRANCH: §5, traceable to a source revision
 * @throws UNKNOWN_COMPONENT, DUPLICATE_COMPONENT, MANIFEST_INVALID: §5, the component is identified
 * @throws UNSAFE_PATH (§6), INSTANCE_PATH_OVERLAP (§3): its files are its own, and no component's state
 * @throws OLDER_THAN_LIVE: §2, the way back is a rollback
 * @throws CHANGE_DOCUMENT_MISSING, CHANGE_DOCUMENT_INVALID, CHANGE_DOCUMENT_WRONG_ID, COMPONENT_NOT_IN_CHANGE,
 * CHANGE_NOT_CARRIED, UNDOCUMENTED_CHANGE, SCOPE_EXCEEDED: §5, see {@link judgeUnits}
 * @throws SOURCE_UNAVAILABLE, GIT_MISSING
 */
export async function admit(request: AdmissionRequest): Promise<Admission> {
  const { repository, live } = request;
  const revision = await repository.resolve(request.revision);
  await refuseUndeployable(repository, revision, live?.revision ?? null);

  const component = await findComponent(repository, revision, request.component);
  const { folder, manifest } = component;
  refuseUnsafePaths(component);
  const files = componentFiles({ folder, inputs: manifest.build.inputs });
  const entries = await repository.entries(revision, files);
  refuseInstancePaths(
    component,
    instanceFolders(request),
    entries.map((entry) => entry.path),
  );

  const verdict = judgeUnits(await gatherFacts({ ...request, revision, live: live?.revision ?? null }, files));
  if (verdict.verdict === 'fail') {
    const messages = verdict.problems.slice(0, 20).map(({ message }) => message);
    throw new SlipwayError(verdict.problems[0].code, messages.join('\n'));
  }
  const { carries, irreversible } = verdict;
  const { id, summary, reason } = verdict.change;
  return {
    component: request.component,
    folder,
    manifest,
    change: { id, summary, reason, carries, irreversible },
    revision,
    committedAt: await repository.committedAt(revision),
    files,
  };
}

async function refuseUndeployable(repository: SourceRepository, revision: string, live: string | null): Promise<void> {
  if (!(await repository.onBranch(revision))) {
    throw new SlipwayError(
      'REVISION_NOT_ON_BRANCH',
      `found ${revision} on none of the branches that source ${repository.name} deploys from; merge it into one of them`,
    );
  }
  if (live !== null && live !== revision && (await repository.isAncestor(revision, live))) {
    throw new SlipwayError(
      'OLDER_THAN_LIVE',
      `found ${revision}, older than ${live} which is live, expected it or a newer one; use \`slipway rollback\` to go back`,
    );
  }
}

/** `instances` at the root, and the platform's own instances folder where that lies in the source. */
function instanceFolders({ repository, instances }: AdmissionRequest): readonly string[] {
  if (instances === undefined || repository.folder === null) return ['instances'];
  const root = path.basename(repository.folder) === '.git' ? path.dirname(repository.folder) : repository.folder;
  const inside = path.relative(root, instances);
  return inside.startsWith('..') ? ['instances'] : ['instances', inside.split(path.sep).join('/')];
}

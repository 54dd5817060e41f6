import { SlipwayError } from '../contract/failure.ts';
import type { Git } from './git-command.ts';
import { globMatcher, isPlain } from './glob.ts';
import type { SourceRepository } from './repository.ts';

const FULL_HASH = /^[0-9a-f]{40}$/;
const HASH = /^[0-9a-f]{4,40}$/;

type Revisions = Pick<SourceRepository, 'resolve' | 'onBranch' | 'isAncestor' | 'mergeBase' | 'committedAt'>;

/** What a mirror says about its commits. Only full hashes and full names of branches are ever given to git. */
export function createRevisions(
  git: Git,
  source: { readonly name: string; readonly branches: readonly string[] },
): Revisions {
  const isDeclared = globMatcher(source.branches);

  const headOf = async (branch: string): Promise<string | null> => {
    const args = ['show-ref', '--verify', '--hash', '--', `refs/heads/${branch}`];
    const { exitCode, stdout } = await git.run(args, { answers: [0, 1, 128] });
    return exitCode === 0 ? stdout.toString().trim() : null;
  };
  const commitsNamed = async (start: string): Promise<readonly string[]> => {
    const objects = FULL_HASH.test(start)
      ? Buffer.from(start)
      : (await git.run(['rev-parse', `--disambiguate=${start}`])).stdout;
    const { stdout } = await git.run(['cat-file', '--batch-check=%(objectname) %(objecttype)'], {
      input: `${objects.toString().trim()}\n`,
    });
    return stdout
      .toString()
      .split('\n')
      .flatMap((line) => (line.endsWith(' commit') ? [line.slice(0, 40)] : []));
  };
  const areThere = async (...revisions: readonly string[]): Promise<boolean> => {
    const found = await Promise.all(
      revisions.map(async (revision) => (await commitsNamed(checked(revision))).length > 0),
    );
    return found.every(Boolean);
  };
  const unknown = (found: string, todo: string): SlipwayError =>
    new SlipwayError('UNKNOWN_REVISION', `source ${source.name}: ${found}; ${todo}`);

  const resolveDefault = async (): Promise<string> => {
    const branch = source.branches.find(isPlain);
    if (branch === undefined) throw unknown('it declares no plain branch whose head could be taken', 'name a revision');
    const head = await headOf(branch);
    if (head === null) throw unknown(`it has no branch ${branch}`, 'push it, correct `branches`, or name a revision');
    return head;
  };

  return {
    async resolve(revision) {
      if (revision === undefined) return resolveDefault();
      const asked = JSON.stringify(revision.slice(0, 200));
      if (revision.startsWith('-')) {
        const message = `found the revision ${asked}, which git would take for an option; name a branch or a commit's hash`;
        throw new SlipwayError('UNSAFE_SOURCE', message);
      }
      const hash = HASH.test(revision.toLowerCase()) ? revision.toLowerCase() : null;
      // A branch may be called like the beginning of a commit's hash, but nothing passes for a full hash.
      const head = hash?.length === 40 || revision.includes('\0') ? null : await headOf(revision);
      const commits = new Set(hash === null ? [] : await commitsNamed(hash));
      if (head !== null) commits.add(head);

      const [commit, ...others] = commits;
      if (commit === undefined) throw unknown(`found no commit ${asked}`, 'name a branch or a hash that it has');
      if (others.length > 0) {
        const candidates = [...commits].slice(0, 10).join(', ');
        const message = `source ${source.name}: ${asked} may be ${candidates}; write more digits of the one that is meant`;
        throw new SlipwayError('AMBIGUOUS_REVISION', message);
      }
      return commit;
    },

    async onBranch(revision) {
      const args = ['for-each-ref', '--format=%(refname:lstrip=2)', `--contains=${checked(revision)}`, 'refs/heads/'];
      const { stdout } = await git.run(args);
      return stdout
        .toString()
        .split('\n')
        .some((branch) => branch !== '' && isDeclared(branch));
    },

    async isAncestor(ancestor, descendant) {
      if (!(await areThere(ancestor, descendant))) return false;
      const args = ['merge-base', '--is-ancestor', ancestor, descendant];
      return (await git.run(args, { answers: [0, 1] })).exitCode === 0;
    },

    async mergeBase(a, b) {
      if (!(await areThere(a, b))) return null;
      const { exitCode, stdout } = await git.run(['merge-base', a, b], { answers: [0, 1] });
      return exitCode === 0 ? stdout.toString().trim() : null;
    },

    async committedAt(revision) {
      const { stdout } = await git.run(['log', '-1', '--format=%ct', checked(revision), '--']);
      return Number(stdout.toString().trim());
    },
  };
}

/** A full hash, or an error: what a person wrote goes through `resolve` first. @throws UNKNOWN_REVISION */
export function checked(revision: string): string {
  if (FULL_HASH.test(revision)) return revision;
  const message = `found ${JSON.stringify(revision.slice(0, 200))}, expected a full hash of 40 hex digits; resolve it first`;
  throw new SlipwayError('UNKNOWN_REVISION', message);
}

import type { Git } from './git-command.ts';
import { checked } from './git-revisions.ts';
import type { PathFilter, SourceRepository, Unit } from './repository.ts';

/**
 * For each commit an empty field, its hash, its message and its paths. No path and no message holds a NUL; no path is
 * empty, so an empty field ends the paths. A line feed stands before the first path. Without `-m`, git before 2.31 shows
 * nothing of a merge.
 */
const LOG = ['log', '--first-parent', '-m', '--no-renames', '-z', '--name-only', '--format=format:%x00%H%x00%B%x00'];

/** The units of a mirror: first-parent commits, a merge as its diff to its first parent (§5). */
export function createLog(git: Git): Pick<SourceRepository, 'units' | 'newestUnit'> {
  async function* newestFirst(range: string, include: PathFilter): AsyncGenerator<Unit> {
    for await (const commit of commitsOf(fieldsOf(git.stream([...LOG, range, '--'])))) {
      if (commit.paths.some(include)) yield commit;
    }
  }

  return {
    async units(from, to, include) {
      const range = from === null ? checked(to) : `${checked(from)}..${checked(to)}`;
      const units: Unit[] = [];
      for await (const unit of newestFirst(range, include)) units.push(unit);
      return units.toReversed();
    },

    async newestUnit(to, include) {
      for await (const unit of newestFirst(checked(to), include)) return unit;
      return null;
    },
  };
}

async function* commitsOf(fields: AsyncIterable<string>): AsyncGenerator<Unit> {
  let commit: { revision: string; message: string | null; paths: string[] } | null = null;
  for await (const field of fields) {
    if (commit === null) {
      if (field !== '') commit = { revision: field, message: null, paths: [] };
    } else if (commit.message === null) {
      commit.message = field;
    } else if (field !== '') {
      commit.paths.push(commit.paths.length === 0 ? field.replace(/^\n/, '') : field);
    } else {
      yield { ...commit, message: commit.message };
      commit = null;
    }
  }
  if (commit !== null) yield { ...commit, message: commit.message ?? '' };
}

/** What stands between NULs. */
async function* fieldsOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let rest = Buffer.of();
  for await (const chunk of chunks) {
    rest = Buffer.concat([rest, chunk]);
    for (let end = rest.indexOf(0); end >= 0; end = rest.indexOf(0)) {
      yield rest.toString('utf8', 0, end);
      rest = rest.subarray(end + 1);
    }
  }
  if (rest.length > 0) yield rest.toString();
}

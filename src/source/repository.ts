/** One file of a revision, by name. */
export interface SourceEntry {
  /** Path from the repository's root, with `/`. */
  readonly path: string;
  readonly mode: 'file' | 'executable' | 'symlink';
}

/** One file of a revision, exactly as git holds it. */
export interface SourceFile extends SourceEntry {
  /** Content; for a symlink, what it points at. */
  readonly content: Buffer;
}

/** A first-parent commit that touches a component's files (§5). */
export interface Unit {
  readonly revision: string;
  readonly message: string;
  /**
   * Paths from the repository's root that it adds, changes or takes away; a rename is both. A merge counts as its diff
   * to its first parent. Bytes that are not UTF-8 stand as U+FFFD.
   */
  readonly paths: readonly string[];
}

/** Says whether a path from the repository's root is one of those that are asked for. */
export type PathFilter = (path: string) => boolean;

/**
 * A git repository, read through a bare mirror of its own; nothing of it is ever run. Revisions are full hashes but
 * where it says otherwise, and have to be in the mirror: `fetch`, then `resolve`.
 *
 * Every method throws GIT_MISSING where there is no git, UNSAFE_SOURCE for an address that git would run or guess at,
 * and SOURCE_UNAVAILABLE when git cannot read the mirror.
 */
export interface SourceRepository {
  readonly name: string;
  /** Absolute path of the repository where it is a folder of this machine, else null. */
  readonly folder: string | null;
  /** Brings the mirror up to date. @throws SOURCE_UNAVAILABLE */
  fetch(): Promise<void>;
  /**
   * A full hash (40 hex digits) for a branch name, a hash or its beginning; the head of the first plain branch when left out.
   * @throws UNKNOWN_REVISION, AMBIGUOUS_REVISION; UNSAFE_SOURCE for what git would take for an option
   */
  resolve(revision?: string): Promise<string>;
  /** Whether one of the declared branches reaches it. */
  onBranch(revision: string): Promise<boolean>;
  /** Whether `ancestor` is `descendant` or comes before it; false for a revision that is not there. */
  isAncestor(ancestor: string, descendant: string): Promise<boolean>;
  /** Null when they share no history, or one of them is not there. */
  mergeBase(a: string, b: string): Promise<string | null>;
  /** Seconds since 1970 of the commit. */
  committedAt(revision: string): Promise<number>;
  /** Paths of everything at a revision, sorted; what is no file (a submodule) included. */
  paths(revision: string): Promise<readonly string[]>;
  /** Null when there is no such regular file at that revision. */
  read(revision: string, path: string): Promise<Buffer | null>;
  /** The regular files whose path `include` accepts, by path. */
  readAll(revision: string, include: PathFilter): Promise<ReadonlyMap<string, Buffer>>;
  /** As {@link files}, without their content. @throws UNSAFE_PATH */
  entries(revision: string, include: PathFilter): Promise<readonly SourceEntry[]>;
  /** The files whose path `include` accepts, sorted. @throws UNSAFE_PATH for a symlink that leaves the repository, a submodule or an unsafe name. */
  files(revision: string, include: PathFilter): Promise<readonly SourceFile[]>;
  /** First-parent commits after `from` (or from the beginning) up to `to`, oldest first, that touch a path `include` accepts. */
  units(from: string | null, to: string, include: PathFilter): Promise<readonly Unit[]>;
  /** The newest of {@link units}; null when there is none. Reads no further back than it has to. */
  newestUnit(to: string, include: PathFilter): Promise<Unit | null>;
}

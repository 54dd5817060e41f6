/** One file of a revision, exactly as git holds it. */
export interface SourceFile {
  /** Path from the repository's root, with `/`. */
  readonly path: string;
  readonly mode: 'file' | 'executable' | 'symlink';
  /** Content; for a symlink, what it points at. */
  readonly content: Buffer;
}

/** A first-parent commit that touches a component's files (§5). */
export interface Unit {
  readonly revision: string;
  readonly message: string;
  /** Paths from the repository's root that it adds, changes or takes away. A merge counts as its diff to its first parent. */
  readonly paths: readonly string[];
}

/** A git repository, read through a bare mirror of its own; nothing of it is ever run. */
export interface SourceRepository {
  readonly name: string;
  /** Brings the mirror up to date. @throws SOURCE_UNAVAILABLE, UNSAFE_SOURCE, GIT_MISSING */
  fetch(): Promise<void>;
  /**
   * A full hash (40 hex digits) for a branch name, a hash or its beginning; the head of the first plain branch when left out.
   * @throws UNKNOWN_REVISION, AMBIGUOUS_REVISION
   */
  resolve(revision?: string): Promise<string>;
  /** Whether one of the declared branches reaches it. */
  onBranch(revision: string): Promise<boolean>;
  isAncestor(ancestor: string, descendant: string): Promise<boolean>;
  mergeBase(a: string, b: string): Promise<string | null>;
  /** Seconds since 1970 of the commit. */
  committedAt(revision: string): Promise<number>;
  /** Paths of all files at a revision, sorted. */
  paths(revision: string): Promise<readonly string[]>;
  /** Null when there is no such file at that revision. */
  read(revision: string, path: string): Promise<Buffer | null>;
  /** The files whose path `include` accepts, sorted. @throws UNSAFE_PATH for a symlink that leaves the repository, a submodule or an unsafe name. */
  files(revision: string, include: (path: string) => boolean): Promise<readonly SourceFile[]>;
  /** First-parent commits after `from` (or from the beginning) up to `to`, oldest first, that touch a path `include` accepts. */
  units(from: string | null, to: string, include: (path: string) => boolean): Promise<readonly Unit[]>;
}

import type { ReleaseRef } from './release.ts';

/** What is known of a deployment's way back before the runtime is touched (§13). */
export interface WayBack {
  /**
   * - `proved`    the release before was shown to be whole, startable and able to read what the new one writes;
   * - `first`     nothing was live: on failure it is taken out of service again;
   * - `none`      there is no way back, as its change declares: on failure it stays as it is, for people to mend forward;
   * - `unproved`  a rollback on request: it is itself the way back, and waits for no proof.
   */
  readonly state: 'proved' | 'first' | 'none' | 'unproved';
  /** Null where there is nothing to return to. */
  readonly to: ReleaseRef | null;
  /** What was seen, or why there is none, in words. */
  readonly seen: string;
}

/** Versions of its data that a release reads, and the one that it writes, as its manifest says. */
export interface DataVersions {
  readonly reads: readonly number[];
  readonly writes: number;
}

/** A release, and what it says of its data; one that says nothing has no versions to disagree about. */
export interface DataUser extends ReleaseRef {
  readonly data: DataVersions | null;
}

/** Why `reader` cannot take over data that `writer` has written, or null. */
export function whyUnreadable(reader: DataUser, writer: DataUser): string | null {
  if (reader.data === null || writer.data === null) return null;
  if (reader.data.reads.includes(writer.data.writes)) return null;
  return `${reader.version} reads versions ${reader.data.reads.join(', ')} of its data, and ${writer.version} writes ${writer.data.writes}`;
}

/** How it was seen that a rollback touched no data (§13). */
export type DataSeen =
  /** The instance folder between the old instance's end and the new one's start, SHA-256. */
  | { readonly how: 'hashed'; readonly before: string; readonly after: string }
  /** Its instances ran on, and wrote what they liked; nothing else did: the runtime writes into no instance folder. */
  | { readonly how: 'not-written' };

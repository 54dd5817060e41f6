import type { ReleaseRef } from '../src/contract/release.ts';

/** A version whose artifact is in the store, with what its page says. */
export interface Stored {
  readonly text: string;
  readonly release: ReleaseRef;
}

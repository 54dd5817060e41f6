import type { Digest } from './digest.ts';

/** A release: an artifact marked eligible (§8), named by version and by manifest digest. */
export interface ReleaseRef {
  readonly version: string;
  readonly digest: Digest;
}

/** A release as it stands in a runtime, and the deployment that brought it there. */
export interface LiveRelease extends ReleaseRef {
  readonly deploymentId: string;
}

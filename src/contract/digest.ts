/**
 * The name of some bytes: `sha256:` and 64 lower-case hex digits (OCI image-spec, descriptor.md).
 * @pattern ^sha256:[0-9a-f]{64}$
 */
export type Digest = `sha256:${string}`;

const DIGEST = /^sha256:[0-9a-f]{64}$/;

export function isDigest(value: unknown): value is Digest {
  return typeof value === 'string' && DIGEST.test(value);
}

/** The hex digits of a digest, without the algorithm. */
export function hexOf(digest: Digest): string {
  return digest.slice('sha256:'.length);
}

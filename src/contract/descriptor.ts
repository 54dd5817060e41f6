import type { Digest } from './digest.ts';

/** OCI image-spec, descriptor.md: what some bytes are, what they are called, how many there are. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

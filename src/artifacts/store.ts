import type { Readable } from 'node:stream';
import type { Descriptor } from '../contract/descriptor.ts';
import type { Digest } from '../contract/digest.ts';
import type { Notary } from '../signing/notary.ts';

export type { Descriptor };

/**
 * The store of one component: one OCI image layout, as one repository in a registry. Blobs are named by their digest
 * and checked whenever they are read; names (tags) are given once and never moved.
 */
export interface ComponentStore {
  readonly component: string;
  /** By whom what is sealed here is signed, and believed. */
  readonly notary: Notary;
  /** Writes bytes; acknowledged only when they are durable. */
  putBlob(bytes: Uint8Array): Promise<{ digest: Digest; size: number }>;
  /** Writes a stream in bounded memory. */
  putStream(stream: Readable): Promise<{ digest: Digest; size: number }>;
  /** @throws ARTIFACT_CORRUPT when the bytes are missing or are not those that the digest names. */
  getBlob(digest: Digest): Promise<Buffer>;
  /** As a stream that fails at its end with ARTIFACT_CORRUPT when the bytes are not those that the digest names. */
  openBlob(digest: Digest): Promise<Readable>;
  hasBlob(digest: Digest): Promise<boolean>;
  /**
   * Gives `name` to a manifest that is already stored, unless the name is taken. The first claim stands for ever;
   * the answer is whichever stands.
   */
  claim(name: string, descriptor: Descriptor): Promise<{ readonly descriptor: Descriptor; readonly won: boolean }>;
  /** What `name` stands for, or null. */
  resolve(name: string): Promise<Descriptor | null>;
  /** Names that begin with `prefix`, sorted. */
  names(prefix: string): Promise<readonly string[]>;
}

export interface ArtifactStore {
  component(component: string): ComponentStore;
  /** Components that have a layout here, sorted. */
  components(): Promise<readonly string[]>;
}

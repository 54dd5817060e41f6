import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { claimVersion, versionOf } from '../../src/artifacts/image.ts';
import { putJson } from '../../src/artifacts/oci.ts';
import type { Digest } from '../../src/contract/digest.ts';
import { scratchStore } from './scratch.ts';

const revision = '4f0c1d2e3a4b5c6d7e8f90123456789abcdef012';
const digest: Digest = `sha256:9e107d9d${'0'.repeat(56)}`;

describe('a version', () => {
  it.each([
    ['2026-11-23T00:00:00Z', '20261123.4f0c1d2e3a4b.9e107d9d'],
    ['2026-11-23T23:59:59Z', '20261123.4f0c1d2e3a4b.9e107d9d'],
    ['2026-11-24T00:30:00+01:00', '20261123.4f0c1d2e3a4b.9e107d9d'],
    ['2024-02-29T12:00:00Z', '20240229.4f0c1d2e3a4b.9e107d9d'],
    ['1970-01-01T00:00:00Z', '19700101.4f0c1d2e3a4b.9e107d9d'],
  ])('of a commit of %s is %s, by UTC', (committed, version) => {
    expect(versionOf({ committedAt: Date.parse(committed) / 1000, revision, digest })).toBe(version);
  });

  it('is an OCI tag, and differs as day, revision or bytes differ', () => {
    const hex = (length: number) => fc.stringMatching(new RegExp(`^[0-9a-f]{${length}}$`));
    const artifact = fc.record({
      committedAt: fc.integer({ min: 0, max: 2 ** 35 }),
      revision: hex(40),
      digest: hex(64).map((text): Digest => `sha256:${text}`),
    });
    fc.assert(
      fc.property(artifact, artifact, (a, b) => {
        expect(versionOf(a)).toMatch(/^\d{8}\.[0-9a-f]{12}\.[0-9a-f]{8}$/);
        const identity = ({ committedAt, revision: source, digest: bytes }: typeof a) =>
          [Math.floor(committedAt / 86_400), source.slice(0, 12), bytes.slice(7, 15)].join();
        expect(versionOf(a) === versionOf(b)).toBe(identity(a) === identity(b));
      }),
    );
  });

  it('names one image for ever: the same again is nothing new, another is a conflict', async () => {
    const { store } = await scratchStore();
    const one = await putJson(store, 'application/vnd.oci.image.manifest.v1+json', { one: 1 });
    const two = await putJson(store, 'application/vnd.oci.image.manifest.v1+json', { two: 2 });
    await claimVersion(store, '20261123.4f0c1d2e3a4b.9e107d9d', one);
    await claimVersion(store, '20261123.4f0c1d2e3a4b.9e107d9d', one);
    await expect(claimVersion(store, '20261123.4f0c1d2e3a4b.9e107d9d', two)).rejects.toMatchObject({
      code: 'VERSION_CONFLICT',
      clause: '§6',
      message: expect.stringContaining(one.digest),
    });
  });
});

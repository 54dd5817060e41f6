import { chmod, copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MEDIA_TYPE, putJson, readOciManifest, type SoundManifest } from '../../src/artifacts/oci.ts';
import { readDocument, readEnvelope, readSealedBlob, sealBlob, sealDocument } from '../../src/artifacts/sealed.ts';
import { encodeEnvelope, payloadOf } from '../../src/contract/envelope.ts';
import { digestOf } from '../../src/digest-of.ts';
import { statement } from './parts.ts';
import { blobFile, scratchStore } from './scratch.ts';

const artifactType = 'application/vnd.slipway.evidence.v1+json';

function sized(right: SoundManifest, size: number): SoundManifest {
  return { ...right, layers: [{ ...right.layers[0], size }] };
}

describe('a sealed document', () => {
  it('is read back with the digest of its envelope', async () => {
    const { store } = await scratchStore();
    const said = statement({ stage: 'build' });
    const sealed = await sealDocument({ store, name: 'evidence-1', artifactType, statement: said });
    expect(sealed).toEqual({ digest: digestOf(encodeEnvelope(said)), won: true });
    const document = { digest: sealed.digest, statement: said, payload: payloadOf(said), signatures: [] };
    expect(await readDocument(store, 'evidence-1')).toEqual(document);
    expect(await readEnvelope(store, sealed.digest)).toEqual(document);
    expect(await readDocument(store, 'evidence-2')).toBeNull();
  });

  it('stands for ever: a second one under its name is told which stands', async () => {
    const { store } = await scratchStore();
    const first = await sealDocument({ store, name: 'record-7', artifactType, statement: statement('first') });
    const second = await sealDocument({ store, name: 'record-7', artifactType, statement: statement('second') });
    expect(second).toEqual({ digest: first.digest, won: false });
    expect((await readDocument(store, 'record-7'))?.statement.predicate).toBe('first');
  });

  it('sealed again by an activity that was retried is the same one, and still its own', async () => {
    const { store, layout } = await scratchStore();
    const seal = () => sealDocument({ store, name: 'record-7', artifactType, statement: statement('same') });
    const first = await seal();
    const index = await readFile(join(layout, 'index.json'));
    expect(await seal()).toEqual(first);
    expect(await readFile(join(layout, 'index.json'))).toEqual(index);
  });

  it('is an OCI 1.1 artifact about its subject', async () => {
    const { store } = await scratchStore();
    const subject = { ...(await putJson(store, MEDIA_TYPE.manifest, { image: 1 })), annotations: { not: 'copied' } };
    const { digest } = await sealDocument({ store, name: 'e', artifactType, statement: statement(1), subject });
    const descriptor = await store.resolve('e');
    expect(descriptor).toMatchObject({ mediaType: MEDIA_TYPE.manifest, artifactType });
    expect(await readOciManifest(store, descriptor!.digest)).toMatchObject({
      artifactType,
      config: { mediaType: 'application/vnd.oci.empty.v1+json', digest: digestOf(Buffer.from('{}')), size: 2 },
      layers: [{ mediaType: 'application/vnd.dsse.envelope.v1+json', digest }],
      subject: { mediaType: MEDIA_TYPE.manifest, digest: subject.digest, size: subject.size },
      annotations: { 'in-toto.io/predicate-type': 'https://slipway.dev/stage/v1' },
    });
  });

  it.each(['envelope', 'manifest'] as const)('whose %s was changed is not trusted', async (which) => {
    const { store, layout } = await scratchStore();
    const sealed = await sealDocument({ store, name: 'e', artifactType, statement: statement('true') });
    const digest = which === 'envelope' ? sealed.digest : (await store.resolve('e'))!.digest;
    const changed = which === 'envelope' ? encodeEnvelope(statement('lie!')) : Buffer.from('{}');
    await chmod(blobFile(layout, digest), 0o644);
    await writeFile(blobFile(layout, digest), changed);
    const expected = { code: 'ARTIFACT_CORRUPT', message: expect.stringContaining(digest) };
    await expect(readDocument(store, 'e')).rejects.toMatchObject(expected);
  });

  it.each(['envelope', 'manifest'] as const)('with one bit of its %s flipped is refused', async (which) => {
    const { store, layout } = await scratchStore();
    const sealed = await sealDocument({ store, name: 'e', artifactType, statement: statement('true') });
    const manifest = (await store.resolve('e'))!.digest;
    const digest = { envelope: sealed.digest, manifest }[which];
    const bytes = await readFile(blobFile(layout, digest));
    for (const at of [0, bytes.length >> 1, bytes.length - 1]) {
      const flipped = Buffer.from(bytes);
      flipped[at]! ^= 0x10;
      await chmod(blobFile(layout, digest), 0o644);
      await writeFile(blobFile(layout, digest), flipped);
      await expect(readDocument(store, 'e')).rejects.toMatchObject({
        code: 'ARTIFACT_CORRUPT',
        message: expect.stringContaining(digest),
      });
    }
  });

  it.each<[string, (right: SoundManifest) => unknown, RegExp]>([
    ['says another size', (right) => sized(right, 3), /has \d+ bytes, and the manifest of "e" says 3/],
    ['lists it twice', (right) => ({ ...right, layers: [...right.layers, ...right.layers] }), /a second time/],
    [
      'lists another blob beside it',
      (right) => ({ ...right, layers: [...right.layers, { ...right.config, digest: `sha256:${'0'.repeat(64)}` }] }),
      /"e" is 2 blobs, and should be one/,
    ],
    ['is about nothing that can be found', (right) => ({ ...right, subject: { digest: 'x' } }), /its subject has the/],
  ])('whose manifest %s is refused', async (_what, change, said) => {
    const { store } = await scratchStore();
    await sealDocument({ store, name: 'first', artifactType, statement: statement('true') });
    const right = await readOciManifest(store, (await store.resolve('first'))!.digest);
    const named = { ...right, annotations: { ...right.annotations, 'dev.slipway.name': 'e' } };
    await store.claim('e', await putJson(store, MEDIA_TYPE.manifest, change(named)));
    await expect(readDocument(store, 'e')).rejects.toMatchObject({
      code: 'ARTIFACT_CORRUPT',
      message: expect.stringMatching(said),
    });
  });

  it('put in the place of another by its ref is noticed', async () => {
    const { store, layout } = await scratchStore();
    await sealDocument({ store, name: 'passed', artifactType, statement: statement('passed') });
    await sealDocument({ store, name: 'failed', artifactType, statement: statement('failed') });
    await chmod(join(layout, 'refs', 'failed'), 0o644);
    await copyFile(join(layout, 'refs', 'passed'), join(layout, 'refs', 'failed'));
    await expect(readDocument(store, 'failed')).rejects.toThrow(/"failed" leads to what was sealed as "passed"/);
  });

  it('whose envelope is valid but not written as Slipway writes is not trusted', async () => {
    const { store } = await scratchStore();
    const { digest } = await store.putBlob(Buffer.from(`${Buffer.from(encodeEnvelope(statement(1))).toString()} `));
    await expect(readEnvelope(store, digest)).rejects.toMatchObject({ code: 'ARTIFACT_CORRUPT' });
  });
});

describe('a sealed blob', () => {
  const sealing = { name: 'history-7', artifactType: 'application/vnd.slipway.history.v1', mediaType: 'text/plain' };

  it('is read back; the first stands', async () => {
    const { store } = await scratchStore();
    const sealed = await sealBlob({ store, ...sealing, bytes: Buffer.from('one') });
    expect(sealed).toEqual({ digest: digestOf(Buffer.from('one')), won: true });
    expect(await sealBlob({ store, ...sealing, bytes: Buffer.from('two') })).toEqual({ ...sealed, won: false });
    expect((await readSealedBlob(store, 'history-7'))?.toString()).toBe('one');
    expect(await readSealedBlob(store, 'history-8')).toBeNull();
  });

  it('with one bit flipped is refused', async () => {
    const { store, layout } = await scratchStore();
    const { digest } = await sealBlob({ store, ...sealing, bytes: Buffer.from('one') });
    await chmod(blobFile(layout, digest), 0o644);
    await writeFile(blobFile(layout, digest), 'ooe');
    await expect(readSealedBlob(store, 'history-7')).rejects.toMatchObject({
      code: 'ARTIFACT_CORRUPT',
      message: expect.stringContaining(digest),
    });
  });

  it('is no document', async () => {
    const { store } = await scratchStore();
    await sealBlob({ store, ...sealing, bytes: encodeEnvelope(statement(1)) });
    await expect(readDocument(store, 'history-7')).rejects.toMatchObject({ code: 'ARTIFACT_CORRUPT' });
  });
});

import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { giveBack, PIECE, piecesOf } from '../../src/artifacts/pieces.ts';
import { scratchFolder } from './scratch.ts';

/** A file of some pieces and a bit, each piece with another content. */
async function openFile(pieces = 3) {
  const path = join(await scratchFolder(), 'file');
  const parts = Array.from({ length: pieces }, (_, n) => Buffer.alloc(PIECE, n + 1));
  await writeFile(path, Buffer.concat([...parts, Buffer.from('end')]));
  return { file: await open(path, 'r'), size: pieces * PIECE + 3 };
}

/** The bytes that pieces begin with, and how many buffers they lay in; `done` is told of each but the last. */
async function read(done: (piece: Buffer) => void) {
  const { file, size } = await openFile();
  const seen: { at: number; buffer: ArrayBufferLike }[] = [];
  for await (const piece of piecesOf(file, size)) {
    seen.push({ at: piece[0] ?? 0, buffer: piece.buffer });
    done(piece);
  }
  await file.close();
  return { contents: seen.map(({ at }) => at), buffers: new Set(seen.map(({ buffer }) => buffer)).size };
}

describe('the pieces of a file', () => {
  it('lie in buffers of their own, unless they are given back', async () => {
    const contents = [1, 2, 3, 'e'.charCodeAt(0)];
    const kept: Buffer[] = [];
    expect(await read((piece) => kept.push(piece))).toEqual({ contents, buffers: 4 });
    expect(kept.map((piece) => piece[0])).toEqual(contents);
    expect((await read(giveBack)).contents).toEqual(contents);
    expect((await read(giveBack)).buffers).toBeLessThan(4);
  });

  it('are not used again for a part, nor twice, nor for what is no piece', async () => {
    const kept: Buffer[] = [];
    const contents = [1, 2, 3, 'e'.charCodeAt(0)];
    await read((piece) => {
      kept.push(piece);
      giveBack(piece.subarray(0, 1));
      giveBack(piece.subarray(1));
      giveBack(Buffer.alloc(PIECE));
    });
    await read(() => {});
    expect(kept.map((piece) => piece[0])).toEqual(contents);

    const [first] = kept;
    giveBack(first!);
    giveBack(first!);
    const { file, size } = await openFile();
    const held: Buffer[] = [];
    for await (const piece of piecesOf(file, size)) held.push(piece);
    await file.close();
    expect(held.map((piece) => piece[0])).toEqual(contents);
  });

  it('of a short file take no more room than it', async () => {
    const path = join(await scratchFolder(), 'file');
    await writeFile(path, 'short');
    const file = await open(path, 'r');
    const pieces = [];
    for await (const piece of piecesOf(file, 5)) pieces.push(piece);
    await file.close();
    expect(pieces.map((piece) => [piece.toString(), piece.buffer.byteLength])).toEqual([['short', 5]]);
  });

  it('end without harm when nobody wants the rest', async () => {
    const { file, size } = await openFile();
    for await (const piece of piecesOf(file, size)) {
      expect(piece[0]).toBe(1);
      break;
    }
    await file.close();
  });
});

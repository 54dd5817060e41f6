import { once } from 'node:events';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { readWithin } from '../../src/artifacts/read-within.ts';

const plainly = <T>(step: () => Promise<T>): Promise<T> => step();

it('hands on the bytes of a stream, with errors of its own', async () => {
  expect(await buffer(readWithin(Readable.from([Buffer.from('a'), Buffer.from('b')]), plainly))).toEqual(
    Buffer.from('ab'),
  );
  const broken = new Readable({ read: () => undefined }).destroy(new Error('theirs'));
  const said = async <T>(step: () => Promise<T>): Promise<T> =>
    step().catch(() => {
      throw new Error('ours');
    });
  await expect(buffer(readWithin(broken, said))).rejects.toThrow('ours');
});

it('lets go of the stream when it is given up, read or not', async () => {
  for (const reads of [true, false]) {
    const held = Readable.from([Buffer.from('a'), Buffer.from('b')]);
    const handed = readWithin(held, plainly);
    if (reads) await once(handed, 'readable');
    handed.destroy();
    await once(held, 'close');
    expect(held.destroyed).toBe(true);
  }
});

import { Readable } from 'node:stream';

/** A stream of bytes that is read as `within` has it, so that its errors are those of whoever hands it on. */
export function readWithin(stream: Readable, within: <T>(step: () => Promise<T>) => Promise<T>): Readable {
  const read = Readable.from(chunksOf(stream, within), { objectMode: false });
  // Also when nobody has read any of it.
  return read.once('close', () => stream.destroy());
}

async function* chunksOf(stream: Readable, within: <T>(step: () => Promise<T>) => Promise<T>): AsyncGenerator<Buffer> {
  const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer, undefined>;
  try {
    for (;;) {
      const { value } = await within(() => chunks.next());
      if (value === undefined) return;
      yield value;
    }
  } finally {
    stream.destroy();
  }
}

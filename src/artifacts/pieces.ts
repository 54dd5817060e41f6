import type { FileHandle } from 'node:fs/promises';

/** Bytes that are read or written at once: so many that asking for them costs nothing beside them. */
export const PIECE = 2 ** 20;

/** Buffers that wait to be used again, and how many bytes are in those that somebody has. */
const waiting: Buffer[] = [];
const lent = new WeakMap<ArrayBufferLike, number>();
const MOST_WAITING = 8;

/**
 * The bytes of a file, in pieces; the next one is being read while one is looked at. Whoever has done with a piece, and
 * knows that nobody else looks at it, may {@link giveBack} it. A file of a GiB then needs a few buffers and not a
 * thousand, each of which weighs on the garbage collector of a process that has much else in memory.
 * @param size what the file is known to have: a short one gets no more room than that
 */
export async function* piecesOf(file: FileHandle, size: number): AsyncGenerator<Buffer> {
  const length = Math.min(Math.max(size, 1), PIECE);
  const readOn = async (): Promise<Buffer> => {
    const room = (length === PIECE ? waiting.pop() : undefined) ?? Buffer.allocUnsafeSlow(length);
    const { bytesRead } = await file.read(room, 0, length, null);
    if (length === PIECE) lent.set(room.buffer, bytesRead);
    return room.subarray(0, bytesRead);
  };

  let reading = readOn();
  try {
    for (let piece = await reading; piece.byteLength > 0; piece = await reading) {
      reading = readOn();
      reading.catch(() => {});
      yield piece;
    }
  } finally {
    const [left] = await Promise.allSettled([reading]);
    if (left.status === 'fulfilled') giveBack(left.value);
  }
}

/**
 * Takes back the buffer that a piece lies in. Nothing happens to bytes that did not come from {@link piecesOf}, nor for a
 * part of a piece: somebody may have the rest.
 */
export function giveBack(piece: Uint8Array): void {
  const isWhole = piece.byteOffset === 0 && piece.byteLength === lent.get(piece.buffer);
  if (isWhole && lent.delete(piece.buffer) && waiting.length < MOST_WAITING) waiting.push(Buffer.from(piece.buffer));
}

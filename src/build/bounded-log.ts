/** What a command wrote, in bounded memory: its beginning and its end. */
export interface BoundedLog {
  add(chunk: Buffer): void;
  /** Bytes added so far, kept or not. */
  readonly bytes: number;
  text(): string;
}

/** Keeps the first and the last `keep` bytes, and says how much it left out between them. */
export function createBoundedLog(keep = 64 * 2 ** 10): BoundedLog {
  let bytes = 0;
  let head = Buffer.alloc(0);
  let tail = Buffer.alloc(0);
  return {
    add(chunk) {
      bytes += chunk.length;
      const room = keep - head.length;
      if (room > 0) head = Buffer.concat([head, chunk.subarray(0, room)]);
      const rest = chunk.subarray(Math.max(room, 0));
      if (rest.length > 0) tail = Buffer.concat([tail.subarray(-keep), rest.subarray(-keep)]).subarray(-keep);
    },
    get bytes() {
      return bytes;
    },
    text() {
      const left = bytes - head.length - tail.length;
      const gap = left > 0 ? `\n… ${left} bytes left out …\n` : '';
      return `${head.toString()}${gap}${tail.toString()}`;
    },
  };
}

/** The last lines of a log, for a message that people read. */
export function lastLines(log: string, lines = 20): string {
  const all = log.trimEnd().split('\n');
  return all.slice(-lines).join('\n').slice(-4_000);
}

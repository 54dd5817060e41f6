import { pack, type Header } from 'tar-stream';

export type TarEntry = Partial<Header> & { name: string; content?: string };

export async function tarOf(entries: readonly TarEntry[]): Promise<Buffer> {
  const tar = pack();
  for (const { content = '', ...header } of entries) tar.entry({ mtime: new Date(0), ...header }, content);
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** A header of tar, its numbers as they are given; a link points to `y`. */
export function rawHeader(
  name: string,
  { size = '00000000000', type = '0' }: { size?: string | Buffer; type?: string } = {},
): Buffer {
  const block = Buffer.alloc(512);
  block.write(name);
  block.write('000644 ', 100);
  block.write('00000000000 ', 136);
  if (typeof size === 'string') block.write(size, 124);
  else size.copy(block, 124);
  block.write(`${type}y`, 156);
  block.write('ustar\u000000', 257);
  block.fill(' ', 148, 156);
  block.write(
    `${block
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
  );
  return block;
}

/** As GNU tar writes a folder whose name is long. */
export function longNamed(name: string): Buffer {
  const size = name.length.toString(8).padStart(11, '0');
  const padding = Buffer.alloc(-name.length & 511);
  return Buffer.concat([
    rawHeader('L', { size, type: 'L' }),
    Buffer.from(name),
    padding,
    rawHeader('x', { type: '5' }),
  ]);
}

/** 2^62 as tar writes what is too large for it. */
export const ENORMOUS = Buffer.from([0x80, 0, 0, 0, 0x40, 0, 0, 0, 0, 0, 0, 0]);

import { describe, expect, test } from 'vitest';
import { whyUnreadable, type DataVersions } from '../../src/contract/way-back.ts';

const release = (version: string, data: DataVersions | null) => ({
  version,
  digest: `sha256:${version.repeat(64).slice(0, 64)}` as const,
  data,
});

describe('whether one release can take over the data of another (§13)', () => {
  type Case = [sentence: string, reader: DataVersions | null, writer: DataVersions | null, why: string | null];
  test.for<Case>([
    ['it reads what the other writes', { reads: [3, 4], writes: 4 }, { reads: [4], writes: 3 }, null],
    [
      'it does not',
      { reads: [3], writes: 3 },
      { reads: [3, 4], writes: 4 },
      'a reads versions 3 of its data, and b writes 4',
    ],
    ['it says nothing of its data', null, { reads: [4], writes: 4 }, null],
    ['the other says nothing of its data', { reads: [3], writes: 3 }, null, null],
  ])('%s', ([, reader, writer, why]) => {
    expect(whyUnreadable(release('a', reader), release('b', writer))).toBe(why);
  });
});

import { z } from 'zod';

const version = z.int().min(0);

/**
 * Which versions of its data a release reads, and which it writes (§13: a rollback manipulates no data, so a release
 * goes back only to one that reads what it writes).
 */
export const dataVersions = z
  .strictObject({ reads: z.array(version).min(1).max(1000), writes: version })
  .check((context) => {
    const { reads, writes } = context.value;
    const refuse = (at: (string | number)[], input: number, expected: string, todo: string): void => {
      context.issues.push({ code: 'custom', path: at, input, message: expected, params: { todo } });
    };

    for (const [index, each] of reads.entries()) {
      if (reads.indexOf(each) < index) refuse(['reads', index], each, 'each version once', 'remove one of the two');
    }
    if (!reads.includes(writes)) {
      const expected = 'one of the versions that it reads, for a release reads what it has written';
      refuse(['writes'], writes, expected, `add ${writes} to \`reads\`, or correct it`);
    }
  });

export type DataVersions = z.output<typeof dataVersions>;

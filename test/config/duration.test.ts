import { expect, test } from 'vitest';
import { duration, formatDuration } from '../../src/config/duration.ts';

test.each([
  ['500ms', 500],
  ['3s', 3_000],
  ['10m', 600_000],
  ['6h', 21_600_000],
  ['2d', 172_800_000],
])('%s is %d milliseconds, and is written back so', (text, milliseconds) => {
  expect(duration.parse(text)).toBe(milliseconds);
  expect(formatDuration(milliseconds)).toBe(text);
});

test.each(['0s', '3', '3 s', '1.5s', '-1s', '3S', ''])('%j is no duration', (text) => {
  expect(duration.safeParse(text).success).toBe(false);
});

import { z } from 'zod';

const EXPECTED = 'a percentage such as 1% or 0.5%, above 0% and at most 100%';

/** A share as people write it (`1%`, `0.5%`), above 0 % and at most 100 %, read as a fraction. */
export const percentage = z
  .string(EXPECTED)
  .regex(/^(?:0|[1-9][0-9]{0,2})(?:\.[0-9]{1,4})?%$/, EXPECTED)
  .transform((text) => Number(text.slice(0, -1)) / 100)
  .refine((fraction) => fraction > 0 && fraction <= 1, EXPECTED);

/** Writes a fraction the way {@link percentage} reads it, to three digits. */
export function formatPercentage(fraction: number): string {
  return `${Number((fraction * 100).toPrecision(3))}%`;
}

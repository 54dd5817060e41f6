import { z } from 'zod';

const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const EXPECTED = 'a duration such as 500ms, 3s, 10m, 6h or 2d';

/** A duration as people write it (`500ms`, `3s`, `10m`, `6h`, `2d`), read as milliseconds. */
export const duration = z
  .string(EXPECTED)
  .regex(/^[1-9][0-9]{0,8}(ms|s|m|h|d)$/, EXPECTED)
  .transform((text) => {
    const [, amount, unit] = /^([0-9]+)(ms|s|m|h|d)$/.exec(text) ?? [];
    return Number(amount) * UNITS[unit as keyof typeof UNITS];
  });

/** Writes milliseconds the way {@link duration} reads them, in the largest unit that loses nothing. */
export function formatDuration(milliseconds: number): string {
  for (const unit of ['d', 'h', 'm', 's'] as const) {
    if (milliseconds >= UNITS[unit] && milliseconds % UNITS[unit] === 0) return `${milliseconds / UNITS[unit]}${unit}`;
  }
  return `${Math.round(milliseconds)}ms`;
}

/** Whether `value` is a moment as Slipway writes it: UTC, to the millisecond. Such texts sort as the moments do. */
export function isTime(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value) &&
    !Number.isNaN(Date.parse(value))
  );
}

/** The later of two moments: clocks of two machines differ, and nothing ends before it began. */
export function notBefore(earliest: string, moment: string): string {
  return moment < earliest ? earliest : moment;
}

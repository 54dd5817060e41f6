/** How long something took, for people: `340 ms`, `1.2 s`, `2 min 05 s`, `1 h 02 min`. */
export function elapsed(milliseconds: number): string {
  if (milliseconds < 1_000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 59_950) return `${(milliseconds / 1_000).toFixed(1)} s`;
  const seconds = Math.round(milliseconds / 1_000);
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${padded(seconds % 60)} s`;
  const minutes = Math.floor(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${padded(minutes % 60)} min`;
}

/** Milliseconds between two times as records hold them. */
export function between(startedAt: string, finishedAt: string): number {
  return Date.parse(finishedAt) - Date.parse(startedAt);
}

/** A record's time to the second, in UTC: `2026-11-23 09:05:07Z`. */
export function when(time: string): string {
  return time.replace('T', ' ').replace(/\.\d+Z$/, 'Z');
}

function padded(number: number): string {
  return String(number).padStart(2, '0');
}

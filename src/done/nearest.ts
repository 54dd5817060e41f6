import { closest, distance } from 'fastest-levenshtein';

/** The one of `names` that was likely meant by `written`, or null when none comes near. */
export function nearestOf(written: string, names: readonly string[]): string | null {
  const nearest = closest(written.slice(0, 100), names);
  return distance(written, nearest) <= Math.max(1, Math.floor(nearest.length / 3)) ? nearest : null;
}

/** Symlinks by the path where they stand; what they point at, as written. */
export type Links = ReadonlyMap<string, string>;

/** As many as Linux follows. */
const MAX_HOPS = 40;

/**
 * Why following a symlink would leave the root of the tree that it stands in, or null when it stays. Links on the way
 * are followed as the system would follow them: `..` behind a link starts from where that link points.
 */
export function leavingLink(at: string, links: Links): string | null {
  const reached: string[] = [];
  const ahead = at.split('/');
  let hops = 0;
  for (let step = ahead.shift(); step !== undefined; step = ahead.shift()) {
    if (step === '' || step === '.') continue;
    if (step === '..') {
      if (reached.pop() === undefined) return 'leaves the repository';
      continue;
    }
    const target = links.get([...reached, step].join('/'));
    if (target === undefined) {
      reached.push(step);
    } else if (target.startsWith('/')) {
      return 'points at an absolute path';
    } else if (++hops > MAX_HOPS) {
      return 'goes round in circles';
    } else {
      ahead.unshift(...target.split('/'));
    }
  }
  return null;
}

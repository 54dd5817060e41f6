/**
 * Globs as people write them in `branches`, `inputs` and `scope`: `*` matches within a segment, `?` one character of it,
 * `**` as a whole segment any number of segments, also none. Everything else is literal: paths such as
 * `app/(shop)/[slug]/page.tsx` are common, and are written as they are.
 *
 * These come from strangers, so matching takes time proportional to pattern times path, whatever the pattern.
 */
export function globMatcher(patterns: readonly string[]): (path: string) => boolean {
  const split = patterns.map((pattern) => pattern.split('/'));
  return (path) => {
    const segments = path.split('/');
    return split.some((pattern) => matches(pattern, segments, '**', matchesSegment));
  };
}

/** Whether a pattern names one thing only. */
export function isPlain(pattern: string): boolean {
  return !/[*?]/.test(pattern);
}

function matchesSegment(pattern: string, segment: string): boolean {
  return matches(Array.from(pattern), Array.from(segment), '*', (one, character) => one === '?' || one === character);
}

/** Matches items one by one; `wildcard` stands for any number of them. Only the last wildcard is ever tried again. */
function matches(
  pattern: readonly string[],
  items: readonly string[],
  wildcard: string,
  matchesOne: (one: string, item: string) => boolean,
): boolean {
  let at = 0;
  let retryPattern = -1;
  let retryItem = 0;
  for (let item = 0; item < items.length;) {
    const one = pattern[at];
    if (one === wildcard) {
      retryPattern = ++at;
      retryItem = item;
    } else if (one !== undefined && matchesOne(one, items[item] ?? '')) {
      at++;
      item++;
    } else if (retryPattern >= 0) {
      at = retryPattern;
      item = ++retryItem;
    } else {
      return false;
    }
  }
  return pattern.slice(at).every((one) => one === wildcard);
}

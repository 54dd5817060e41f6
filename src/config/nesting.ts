import { type CST, Parser } from 'yaml';

/**
 * Whether some YAML nests deeper than `limit`. Asked before it is composed: composing recurses, and a regular
 * expression that V8 has to compile at the end of its stack ends the whole process, not just the reading.
 */
export function nestsDeeperThan(text: string, limit: number): boolean {
  const open: { token: CST.Token; depth: number }[] = [];
  for (const token of new Parser().parse(text)) open.push({ token, depth: 0 });
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next.depth > limit) return true;
    for (const token of childrenOf(next.token)) open.push({ token, depth: next.depth + 1 });
  }
  return false;
}

function childrenOf(token: CST.Token): CST.Token[] {
  if (token.type === 'document') return token.value === undefined ? [] : [token.value];
  if (!('items' in token)) return [];
  return token.items.flatMap(({ key, value }) => [key, value].filter((child) => child !== undefined && child !== null));
}

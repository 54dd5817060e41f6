import { lintSource } from '@secretlint/core';
import { rules as RECOMMENDED } from '@secretlint/secretlint-rule-preset-recommend';
import { isExample } from './example.ts';
import { OWN_RULES } from './rules.ts';

/** A secret in a text: where, and what rule says so. Never what it is. */
export interface Lint {
  /** Counted from 1. */
  readonly line: number;
  readonly rule: string;
}

/** Would let a text say of itself that it holds none. */
const FILTERS = '@secretlint/secretlint-rule-filter-comments';

/** In a longer text, such as that of a key, a word may stand by chance. */
const LONGEST_EXAMPLE = 300;

const RULES = [...RECOMMENDED.filter(({ meta }) => meta.id !== FILTERS), ...OWN_RULES].map((rule) => ({
  id: rule.meta.id,
  rule,
}));

function rankOf(id: string): number {
  return RULES.findIndex((rule) => rule.id === id);
}

/**
 * What looks like secrets in a text: each by the first rule that says so, and told once a line.
 * @param path by which some rules go; nothing is read there
 * @param ext what its name ends in, such as `.json`
 */
export async function lint(
  text: string,
  { path, ext }: { readonly path: string; readonly ext: string },
): Promise<readonly Lint[]> {
  const { messages } = await lintSource({
    source: { content: text, filePath: path, ext, contentType: 'text' },
    options: { config: { rules: RULES }, noPhysicFilePath: true, maskSecrets: true },
  });
  const found = new Map<string, Lint>();
  const ranges: (readonly [from: number, to: number])[] = [];
  // In the order of the rules: what one knows by its form is told rather than that it is called a secret.
  for (const { ruleId, range, loc } of messages.toSorted((a, b) => rankOf(a.ruleId) - rankOf(b.ruleId))) {
    const [from, to] = range;
    if (ranges.some(([start, end]) => from < end && to > start)) continue;
    if (to - from <= LONGEST_EXAMPLE && isExample(text.slice(from, to))) continue;
    ranges.push(range);
    const one = { line: loc.start.line, rule: ruleId.replace('@secretlint/secretlint-rule-', '') };
    found.set(`${one.line} ${one.rule}`, one);
  }
  return [...found.values()].toSorted((a, b) => a.line - b.line);
}

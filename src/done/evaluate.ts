import type { DoneInput, DoneVerdict } from '../contract/done.ts';
import { BUILT_IN_RULES } from './built-in.ts';
import { type DoneRule, judge, type Outcome } from './rule.ts';
import { judgeApart } from './apart.ts';

/** Milliseconds for all rules of a platform file together; fifty ordinary ones take one. */
const TIMEOUT = 5_000;

/**
 * Judges a deployment by the Definition of Done (§11): the contract's own rules, then those of the platform file that
 * count in its environment, in the file's order. One verdict each. The same rules and input give the same verdicts.
 * A rule that gives no answer, or none within the time and the memory that rules have, does not hold.
 *
 * @param options.timeout milliseconds for the rules of the platform file together; 5,000 unless given
 * @throws INTERNAL when they could not be judged at all: our fault, and no evidence against the change
 */
export async function evaluateDone(
  rules: readonly DoneRule[],
  input: DoneInput,
  { timeout = TIMEOUT }: { readonly timeout?: number } = {},
): Promise<readonly DoneVerdict[]> {
  const own = BUILT_IN_RULES.map((rule) => verdictOf(rule, true, judge(rule.rule, input)));
  const theirs = rules.filter(({ environments }) => environments?.includes(input.deployment.environment) ?? true);
  if (theirs.length === 0) return own;
  const outcomes = await judgeApart(
    theirs.map(({ rule }) => ({ rule, input })),
    timeout,
  );
  return [...own, ...theirs.map((rule, index) => verdictOf(rule, false, outcomes[index]))];
}

function verdictOf(rule: DoneRule, builtIn: boolean, outcome: Outcome | undefined): DoneVerdict {
  const { name } = rule;
  if (outcome === undefined) return { name, builtIn, holds: false, message: 'it was not judged' };
  if ('holds' in outcome && outcome.holds) return { name, builtIn, holds: true, message: null };
  const found = 'fault' in outcome ? outcome.fault : `false: ${onOneLine(rule.rule)}`;
  return { name, builtIn, holds: false, message: rule.message === undefined ? found : `${found}; ${rule.message}` };
}

/** Cut after 200 characters: a message has to fit into a workflow's history. */
function onOneLine(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length > 200 ? `${line.slice(0, 200)}…` : line;
}

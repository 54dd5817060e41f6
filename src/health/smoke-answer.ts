import { formatDuration } from '../config/duration.ts';
import type { HttpSmokeTest } from '../config/smoke-test.ts';
import { clipped } from './excerpt.ts';
import { expectedPlace, lookAtJson } from './json-path.ts';
import type { ProbeAnswer } from './probe.ts';

/** One thing that a smoke test asks for, and whether it was there. */
export interface SmokeCheck {
  /** What was expected, in a few words. */
  readonly what: string;
  readonly passed: boolean;
}

/** What was asked of an answer, thing by thing; `found` says what was there instead, where the status does not say it. */
export interface CheckedAnswer {
  readonly checks: readonly SmokeCheck[];
  readonly found: readonly string[];
}

/** One check, and what was found when that says more than that it did not pass. */
type Look = SmokeCheck & { readonly found?: string };

/** Of so many things that were wrong a message tells. */
const TOLD = 3;

/** Holds an answer against a smoke test, each thing that it asks for by itself. Pure. */
export function checkAnswer(test: HttpSmokeTest, answer: ProbeAnswer): CheckedAnswer {
  const { status, includes, timeout } = test;
  const answered = answer.ended === 'answered';
  const looks: readonly Look[] = [
    { what: `answered within ${formatDuration(timeout)}`, passed: answered },
    { what: `status ${status}`, passed: answer.status === status },
    ...headerLooks(test, answer),
    ...(includes === undefined
      ? []
      : [{ what: `includes ${short(includes)}`, passed: answer.body.includes(includes) }]),
    ...lookAtJson(test.json ?? [], answer.body),
  ];
  const checks = looks.map(({ what, passed }) => ({ what: clipped(what, 300), passed: answered && passed }));
  const wrong = answered ? looks.flatMap(({ passed, found }) => (passed || found === undefined ? [] : [found])) : [];
  return { checks, found: told([...new Set(wrong)]) };
}

/** What a smoke test expects, as one phrase. */
export function expectedAnswer({ status, headers, includes, json, timeout }: HttpSmokeTest): string {
  const named = Object.entries(headers ?? {}).map(([name, value]) => `${name.toLowerCase()} ${short(value)}`);
  const withHeaders = named.length === 0 ? '' : ` with ${named.join(' and ')}`;
  const text = includes === undefined ? '' : ` that includes ${JSON.stringify(includes)}`;
  const places = json === undefined ? '' : ` where ${json.map(expectedPlace).join(' and ')}`;
  return `${status}${withHeaders}${text}${places} within ${formatDuration(timeout)}`;
}

function headerLooks({ headers = {} }: HttpSmokeTest, answer: ProbeAnswer): readonly Look[] {
  return Object.entries(headers).map(([given, expected]) => {
    const name = given.toLowerCase();
    const value = Object.hasOwn(answer.headers, name) ? (answer.headers[name] ?? null) : null;
    const found = value === null ? `no header ${name}` : `${name} is ${short(value)}`;
    return { what: `header ${name} ${short(expected)}`, passed: value !== null && matches(value, expected), found };
  });
}

/** Whole, or by its beginning where the expected value ends in `*`; blanks around it are no part of a value. */
function matches(value: string, expected: string): boolean {
  const wanted = expected.trim();
  return wanted.endsWith('*') ? value.trim().startsWith(wanted.slice(0, -1)) : value.trim() === wanted;
}

function told(wrong: readonly string[]): readonly string[] {
  const more = wrong.length - TOLD;
  return more > 0 ? [...wrong.slice(0, TOLD), `and ${more} more`] : wrong;
}

function short(text: string): string {
  return JSON.stringify(clipped(text, 80));
}

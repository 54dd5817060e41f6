/** Words that stand in a secret which is none. A random one has them so rarely that it does not count. */
const EXAMPLE =
  /example|sample|placeholder|change.?me|change.?it|replace|your|insert|dummy|fake|redacted|xxxx|\*{3}|\.{3}|0{7}|123456|abc.?def/i;
/** What is filled in later: `${VAR}`, `$(command)`, `{{ name }}`, `<name>`, `%VAR%`, `$VAR`, `process.env.VAR`. */
const TEMPLATE = /\$\{|\$\(|\{\{|<[\w -]+>|%\w+%|%[sd]|^\$\w+$|^(?:process|import\.meta)\.env/;
/** In a text that names itself a secret, these are more examples. */
const NAMES_ITSELF = /test|demo|secret|passw|token|default|foo.?bar|lorem|undefined|function|prototype/i;
/** Names that nobody has (RFC 2606). */
const NOBODY = /(?:^|\.)(?:example(?:\.(?:com|net|org))?|test|invalid)$/i;

/** Whether what looks like a secret only shows how one looks. */
export function isExample(found: string): boolean {
  const inAddress = /^[a-z][a-z0-9+.:-]*:\/\/([^:@/\s]*):([^@\s]*)@([^/:?\s"'`]*)/i.exec(found);
  if (inAddress === null) return EXAMPLE.test(found) || TEMPLATE.test(found);
  const [, user = '', password = '', host = ''] = inAddress;
  return password.toLowerCase() === user.toLowerCase() || NOBODY.test(host) || isCommon(password);
}

/** Passwords that nobody who keeps one secret has; those of development databases, as documentation writes them. */
function isCommon(password: string): boolean {
  return (
    EXAMPLE.test(password) ||
    TEMPLATE.test(password) ||
    /^(?:pass(?:w(?:or)?d)?|pw|secret|root|admin|dev|test|postgres|mysql|guest)\d{0,4}$/i.test(password)
  );
}

/** Whether a value is as a generator makes them: letters and digits, much of it other than words. */
export function isRandom(value: string): boolean {
  if (value.length < 12 || !/\d/.test(value) || !/[A-Za-z]/.test(value)) return false;
  if (EXAMPLE.test(value) || TEMPLATE.test(value) || NAMES_ITSELF.test(value)) return false;
  return !isName(value) && entropyOf(value) >= 3 && wordsIn(value) / value.length <= 0.5;
}

/** `x-api-key-v2`, `aws4-hmac-sha256`: parts that each begin with small letters, and end in digits if at all. */
function isName(text: string): boolean {
  const parts = text.split(/[-_.:/]/);
  return parts.length > 2 && parts.every((part) => /^(?:[A-Z]?[a-z]*|[A-Z]+)\d{0,3}$/.test(part));
}

/** Bits a character, by Shannon. */
function entropyOf(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  return [...counts.values()].reduce((bits, count) => bits - (count / text.length) * Math.log2(count / text.length), 0);
}

/** Characters that stand in what can be spoken: four small letters or more, with a vowel and never four consonants in a row. */
function wordsIn(text: string): number {
  const runs = text.match(/[A-Z]?[a-z]{3,}|[A-Z]{4,}/g) ?? [];
  const words = runs.filter((run) => run.length >= 4 && /[aeiouy]/i.test(run) && !/[^aeiouy]{4}/i.test(run));
  return words.reduce((sum, word) => sum + word.length, 0);
}

/** Takes out of what leaves a process the values of secrets that it knows. */
export interface Mask {
  /** From now on this value is `[secret <name>]` in what passes. Values of fewer than four characters are left. */
  know(name: string, value: string): void;
  /** The text without them: raw, as JSON has them, in base64, hexadecimal and URL encoding; each longer line of one by itself. */
  mask(text: string): string;
  /** Characters of the longest form that is looked for: so much of a text's beginning may be the rest of one. */
  readonly reach: number;
}

/** A shorter one is everywhere. */
const SHORTEST = 4;
/** What is left of a shorter one, between two bytes that are not its own, is everywhere too. */
const SHORTEST_ENCODED = 6;
/** Of a value's lines, one that is this long is looked for by itself: a program may print a key line by line. */
const LONG_LINE = 16;

export function createMask(): Mask {
  const known = new Set<string>();
  let forms: readonly (readonly [form: string, name: string])[] = [];

  return {
    know(name, value) {
      if (value.length < SHORTEST || known.has(value)) return;
      known.add(value);
      const own = [...formsOf(value)].map((form) => [form, name] as const);
      // The longest first: one value may begin as another does.
      forms = [...forms, ...own].toSorted(([a], [b]) => b.length - a.length);
    },
    mask: (text) => forms.reduce((masked, [form, name]) => masked.replaceAll(form, `[secret ${name}]`), text),
    get reach() {
      return forms[0]?.[0].length ?? 0;
    },
  };
}

/** Every way in which a value is looked for. */
export function formsOf(value: string): ReadonlySet<string> {
  const lines = value.split(/\r?\n/).filter((line) => line.length >= LONG_LINE);
  return new Set([value, ...lines].flatMap(encodingsOf));
}

function encodingsOf(value: string): readonly string[] {
  const bytes = Buffer.from(value);
  const hex = bytes.toString('hex');
  const url = encodeURIComponent(value);
  const encoded = [hex, hex.toUpperCase(), ...base64Of(bytes)].filter((form) => form.length >= SHORTEST_ENCODED);
  const form = new URLSearchParams({ '': value }).toString().slice(1);
  return [value, JSON.stringify(value).slice(1, -1), url, form, lowerCaseOf(url), ...encoded];
}

/** `%2f` is as good as `%2F`. */
function lowerCaseOf(url: string): string {
  return url.replaceAll(/%[0-9A-F]{2}/g, (byte) => byte.toLowerCase());
}

/**
 * The part of a value's base64 that is the same whatever stands around it, for each of the three places at which it can
 * begin in a group of three bytes; in both alphabets.
 */
function base64Of(bytes: Buffer): readonly string[] {
  return [0, 1, 2].flatMap((before) => {
    const whole = Buffer.concat([Buffer.alloc(before), bytes])
      .toString('base64')
      .replaceAll('=', '');
    // Characters that hold bits of what goes before, and of what comes after.
    const first = Math.ceil((before * 8) / 6);
    const last = Math.floor(((before + bytes.length) * 8) / 6);
    const own = whole.slice(first, last);
    return [own, own.replaceAll('+', '-').replaceAll('/', '_')];
  });
}

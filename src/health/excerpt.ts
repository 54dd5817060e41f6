/** The beginning of a text that may be long, on one line: evidence stays small, and holds no contents. */
export function excerpt(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim().slice(0, 120);
}

/** At most `length` characters, and a sign that there were more. */
export function clipped(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}

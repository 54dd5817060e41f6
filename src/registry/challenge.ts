/** One way in that a registry offers (RFC 9110, 11.6.1): its scheme in small letters, and its parameters. */
export interface Challenge {
  readonly scheme: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** One thing of a `WWW-Authenticate` header: `name="value"`, `name=value`, a scheme, or a comma. */
const PIECE = /\s*(?:([A-Za-z0-9!#$%&'*+.^_`|~-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))|([A-Za-z0-9-]+)|,)/y;

/** Reads `WWW-Authenticate` headers; what stands there that is no challenge is left out. */
export function parseChallenges(headers: string | readonly string[] | undefined): readonly Challenge[] {
  const found: { scheme: string; parameters: Record<string, string> }[] = [];
  for (const header of [headers ?? []].flat()) {
    PIECE.lastIndex = 0;
    for (let piece = PIECE.exec(header); piece !== null; piece = PIECE.exec(header)) {
      const [, name, quoted, plain, scheme] = piece;
      const parameters = found.at(-1)?.parameters;
      if (scheme !== undefined) found.push({ scheme: scheme.toLowerCase(), parameters: {} });
      else if (name !== undefined && parameters !== undefined) {
        parameters[name.toLowerCase()] = quoted?.replace(/\\(.)/g, '$1') ?? plain ?? '';
      }
    }
  }
  return found;
}

/** One place where secrets lie. */
export interface SecretProvider {
  /** Where a secret is looked for, for messages: a path, the name of a variable. Never what is there. */
  placeOf(secret: string): string;
  /**
   * What a secret is, as it is written there; null when there is none.
   * @param secret `<scope>/<name>`, checked by the caller
   * @throws SECRET_UNAVAILABLE when that cannot be told
   */
  read(secret: string): Promise<string | null>;
}

/** Bytes of the largest secret: a variable of a process holds twice as much. */
export const LARGEST_SECRET = 64 * 1024;

/** One thing that `slipway doctor` looked at. */
export interface Finding {
  readonly what: string;
  /** `warning`: something works less well, or not yet. `bad`: something a person needs does not work. */
  readonly state: 'good' | 'warning' | 'bad';
  /** What is there, in a few words. */
  readonly found: string;
  /** What to do; null when nothing is. */
  readonly mend: string | null;
}

export function good(what: string, found: string): Finding {
  return { what, state: 'good', found, mend: null };
}

export function warning(what: string, found: string, mend: string): Finding {
  return { what, state: 'warning', found, mend };
}

export function bad(what: string, found: string, mend: string): Finding {
  return { what, state: 'bad', found, mend };
}

/** A check that broke off is a finding as well: the others still say what they found. */
export async function orBad(what: string, mend: string, check: () => Promise<Finding>): Promise<Finding> {
  try {
    return await check();
  } catch (error) {
    return bad(what, error instanceof Error ? error.message : String(error), mend);
  }
}

/** Does work about the same thing one after the other, in the order in which it came; about other things at once. */
export type Turns = <T>(about: string, work: () => Promise<T>) => Promise<T>;

export function createTurns(): Turns {
  const last = new Map<string, Promise<unknown>>();
  return async (about, work) => {
    const turn = (last.get(about) ?? Promise.resolve()).then(work);
    const settled = turn.catch(() => undefined);
    last.set(about, settled);
    try {
      return await turn;
    } finally {
      if (last.get(about) === settled) last.delete(about);
    }
  };
}

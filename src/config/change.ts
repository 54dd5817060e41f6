import { z } from 'zod';
import { glob, name } from './words.ts';

/** An id of a change, as in `changes/CHG-1042.yaml` and in a `Change: CHG-1042` line. */
export const CHANGE_ID = /^[A-Za-z][A-Za-z0-9._-]{0,63}$/;

/** `changes/<ID>.yaml`: the intent behind commits, written down in the source itself (§5). `covers` is `[]` and `irreversible` false unless given. */
export const changeSchema = z.strictObject({
  id: z.string().regex(CHANGE_ID, 'an id such as CHG-1042'),
  summary: z.string().min(1).max(400),
  reason: z.string().min(1).max(4000),
  components: z.array(name).min(1),
  /** Globs from the repository's root: the only files of its components that the change may touch. */
  scope: z.array(glob).min(1),
  /** Commits without a trailer that this change speaks for, by full hash. */
  covers: z.array(z.string().regex(/^[0-9a-f]{40}$/, 'a full hash: 40 lower-case hex digits')).default([]),
  /** It may go out although there is no way back: the release before cannot read what it writes (§13). */
  irreversible: z.boolean().default(false),
});

export type Change = z.output<typeof changeSchema>;

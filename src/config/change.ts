import { z } from 'zod';
import { NAME } from '../contract/target.ts';

/** An id of a change, as in `changes/CHG-1042.yaml` and in a `Change: CHG-1042` line. */
export const CHANGE_ID = /^[A-Za-z][A-Za-z0-9._-]{0,63}$/;

/** `changes/<ID>.yaml`: the intent behind commits, written down in the source itself (§5). */
export const changeSchema = z.strictObject({
  id: z.string().regex(CHANGE_ID, 'expected an id such as CHG-1042'),
  summary: z.string().min(1).max(400),
  reason: z.string().min(1).max(4000),
  components: z.array(z.string().regex(NAME)).min(1),
  scope: z.array(z.string().min(1)).min(1),
  /** Commits without a trailer that this change speaks for, by full hash. */
  covers: z.array(z.string().regex(/^[0-9a-f]{40}$/, 'expected a full hash of 40 hex digits')).default([]),
});

export type Change = z.output<typeof changeSchema>;

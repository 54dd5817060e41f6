import { z } from 'zod';
import { NAME } from '../contract/target.ts';

/** A component's, environment's or source's name ({@link NAME}). */
export const name = z
  .string()
  .regex(NAME, 'a name: a lower-case letter, then letters, digits and dashes, at most 40 in all');

/** Text that can be handed to a program: no NUL. */
export const word = z.string().regex(/^[^\0]*$/, 'text without NUL characters');

/** A program and its arguments, started as they are: no shell reads them. */
export const command = z.array(word.min(1)).min(1);

/** An absolute path, or one relative to what the file's docstring says. */
export const path = word.min(1).max(4096);

/** A path with `*` (within a segment), `?` (one character of it) and `**` (any number of segments); the rest is literal. */
export const glob = word.min(1).max(1024);

/** A path of an address, as it is asked for. */
export const urlPath = z
  .string()
  .startsWith('/')
  .regex(/^[\x21-\x7e]*$/, 'a path of an address: printable ASCII without blanks');

/** One line of text that says something: it goes into notifications, and to terminals. */
export const line = z.string().regex(/^(?=.*\S)\P{Cc}+$/u, 'one line of text');

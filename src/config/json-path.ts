import { JSONPathEnvironment, JSONPathError, type JSONPathQuery } from 'json-p3';
import { z } from 'zod';

/**
 * RFC 9535 without its `match` and `search`: a component's answer against a pattern can take for ever (47 s for 31
 * characters). Singular queries have no filters anyway; this is for the day when they are let in.
 */
const ENVIRONMENT = new JSONPathEnvironment();
ENVIRONMENT.functionRegister.delete('match');
ENVIRONMENT.functionRegister.delete('search');

const EXAMPLE = 'such as $.items[0].price';

/** A path to one place in a JSON document. @throws JSONPathError where it is none */
export function compileJsonPath(text: string): JSONPathQuery {
  return ENVIRONMENT.compile(text);
}

/** A path that leads to one place at most: a singular query of RFC 9535, of names and indexes only. */
export const jsonPath = z
  .string()
  .max(200)
  .check((context) => {
    const fault = faultOf(context.value);
    if (fault === null) return;
    const { expected, todo } = fault;
    context.issues.push({ code: 'custom', input: context.value, message: expected, params: { todo } });
  });

function faultOf(text: string): { readonly expected: string; readonly todo: string } | null {
  try {
    if (compileJsonPath(text).singularQuery()) return null;
    return {
      expected: `a path that leads to one place, ${EXAMPLE}`,
      todo: 'name the place with names and indexes only: no *, .., slices, filters or lists',
    };
  } catch (error) {
    if (!(error instanceof JSONPathError)) throw error;
    return { expected: `a JSON path as in RFC 9535, ${EXAMPLE}`, todo: `correct it (${reasonOf(text, error)})` };
  }
}

/** The reader's own words where they help. At the end of a text it stumbles over its own lexer, and says nothing of use. */
function reasonOf(text: string, { message, token }: JSONPathError): string {
  const said = message.replace(/ \('.*$/s, '');
  const isOfUse = !/lexer|backup|TOKEN_/.test(said);
  const where = token.index >= text.length ? 'at its end' : `at character ${token.index + 1}`;
  return isOfUse ? `${said}, ${where}` : `it breaks off ${where}`;
}

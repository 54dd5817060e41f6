import { join } from 'node:path';
import { createGenerator, type Schema } from 'ts-json-schema-generator';
import { PUBLISHED } from './published.ts';

/** Codes are added by later versions, whose documents are read by this schema too. */
const OPEN: Readonly<Record<string, Schema>> = {
  FailureCode: {
    type: 'string',
    pattern: '^[A-Z][A-Z_]*$',
    description: 'One of the failure codes that docs/operating.md lists; later versions add to them.',
  },
};

/**
 * The JSON Schema (draft-07) of every published form, out of the types themselves. What they do not name is allowed:
 * later versions add fields.
 */
export function generateSchemas(): ReadonlyMap<string, string> {
  const generator = createGenerator({
    path: join(import.meta.dirname, 'predicates.ts'),
    tsconfig: join(import.meta.dirname, 'schemas.tsconfig.json'),
    skipTypeCheck: true,
    additionalProperties: true,
    topRef: false,
  });
  return new Map(
    PUBLISHED.map(({ file, id, type }) => [file, written(id, type, generator.createSchema(type))] as const),
  );
}

function written(id: string, title: string, { $schema, definitions = {}, ...schema }: Schema): string {
  const { $ref, ...said } = schema;
  const name = $ref === undefined ? '' : decodeURIComponent($ref.slice('#/definitions/'.length));
  const { [name]: root, ...named } = definitions as Readonly<Record<string, Schema>>;
  const open = Object.fromEntries(Object.entries(named).map(([of, form]) => [of, OPEN[of] ?? form]));
  const { description, ...form } = { ...root, ...said };
  return `${JSON.stringify({ $schema, $id: id, title, description, ...form, definitions: open }, null, 2)}\n`;
}

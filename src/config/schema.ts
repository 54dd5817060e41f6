import type { z } from 'zod';

type Schema = z.core.$ZodType;
type Def = z.core.$ZodTypes['_zod']['def'];

/** The keys that a schema knows at `path`: one list for each alternative that it has there. */
export function keysAt(schema: Schema, path: readonly PropertyKey[]): readonly (readonly string[])[] {
  return steppedInto(schema, path)
    .flatMap(alternatives)
    .flatMap((def) => (def.type === 'object' ? [Object.keys(def.shape)] : []));
}

/** The alternatives of the union at `path`, in its own order. */
export function optionsAt(schema: Schema, path: readonly PropertyKey[]): readonly Schema[] {
  return steppedInto(schema, path).flatMap((reached) => {
    const def = unwrap(reached);
    return def.type === 'union' ? def.options : [];
  });
}

function steppedInto(schema: Schema, path: readonly PropertyKey[]): readonly Schema[] {
  return path.reduce<readonly Schema[]>((reached, key) => reached.flatMap((each) => stepInto(each, key)), [schema]);
}

function stepInto(schema: Schema, key: PropertyKey): readonly Schema[] {
  return alternatives(schema).flatMap((def) => {
    if (def.type === 'object') return def.shape[String(key)] ?? [];
    if (def.type === 'record') return def.valueType;
    return def.type === 'array' ? def.element : [];
  });
}

function alternatives(schema: Schema): readonly Def[] {
  const def = unwrap(schema);
  return def.type === 'union' ? def.options.flatMap(alternatives) : [def];
}

/** The definition beneath defaults, optionality and transforms. */
function unwrap(schema: Schema): Def {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  if ('innerType' in def) return unwrap(def.innerType);
  return def.type === 'pipe' ? unwrap(def.in) : def;
}

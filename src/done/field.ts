/** A type as rules see it: a primitive of CEL, a list (`[entry]`), a map from text (`{ '*': value }`), or a message. */
export type Field = Primitive | readonly [Field] | { readonly [name: string]: Field };

export type Primitive = 'string' | 'bool' | 'int' | 'double';

/** Calls the branch that fits a field. */
export function byKind<T>(
  field: Field,
  branches: {
    readonly primitive: (type: Primitive) => T;
    readonly list: (entry: Field) => T;
    readonly map: (value: Field) => T;
    readonly message: (fields: Readonly<Record<string, Field>>) => T;
  },
): T {
  if (typeof field === 'string') return branches.primitive(field);
  if (isList(field)) return branches.list(field[0]);
  const value = field['*'];
  return value === undefined ? branches.message(field) : branches.map(value);
}

function isList(field: Exclude<Field, Primitive>): field is readonly [Field] {
  return Array.isArray(field);
}

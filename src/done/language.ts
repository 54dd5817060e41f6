import { createRequire } from 'node:module';
import type * as cel from '@marcbachmann/cel-js';
import { DONE_FIELDS, type DoneInput } from '../contract/done.ts';
import { byKind, type Field } from './field.ts';

let known: cel.Environment | null = null;

/**
 * CEL, with the input of a Definition of Done declared. Loaded when the first rule is read: every command imports the
 * platform file's schema, and 10 ms are much for a file that has no rules.
 */
export function language(): cel.Environment {
  return (known ??= declare());
}

function declare(): cel.Environment {
  const engine = createRequire(import.meta.url)('@marcbachmann/cel-js') as typeof cel;
  const environment = new engine.Environment({ limits: { maxDepth: 64 } });
  for (const [name, field] of Object.entries(DONE_FIELDS)) {
    environment.registerVariable(name, declared(environment, field, name));
  }
  return environment;
}

/** The name of a field's type; those of messages are registered on the way, under the path where they stand. */
function declared(environment: cel.Environment, field: Field, at: string): string {
  return byKind(field, {
    primitive: (type) => type,
    list: (entry) => `list<${declared(environment, entry, at)}>`,
    map: (value) => `map<string, ${declared(environment, value, at)}>`,
    message: (members) => {
      const fields = Object.entries(members).map(
        ([name, member]) => [name, declared(environment, member, `${at}_${name}`)] as const,
      );
      environment.registerType(at, { fields: Object.fromEntries(fields) });
      return at;
    },
  });
}

/** An input as CEL's values: its whole numbers are BigInt. */
export function valuesOf(input: DoneInput): cel.Context {
  return valueOf(DONE_FIELDS, input) as cel.Context;
}

function valueOf(field: Field, value: unknown): unknown {
  return byKind<unknown>(field, {
    primitive: (type) => (type === 'int' ? BigInt(value as number) : value),
    list: (entry) => (value as readonly unknown[]).map((each) => valueOf(entry, each)),
    map: (each) => new Map(Object.entries(Object(value)).map(([key, held]) => [key, valueOf(each, held)])),
    message: (members) =>
      Object.fromEntries(Object.entries(members).map(([name, member]) => [name, valueOf(member, Object(value)[name])])),
  });
}

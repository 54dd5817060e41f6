import { describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { changeSchema } from '../../src/config/change.ts';
import { manifestSchema } from '../../src/config/manifest.ts';
import { platformSchema } from '../../src/config/platform.ts';
import { readYaml } from '../../src/config/read.ts';
import { codeIn, fences, page, tableUnder } from './fences.ts';

const PAGE = page('docs/files.md');

const FILES = [
  { file: 'platform.yaml', info: 'yaml platform', schema: platformSchema },
  { file: 'slipway.yaml', info: 'yaml component', schema: manifestSchema },
  { file: 'changes/ID.yaml', info: 'yaml change', schema: changeSchema },
] as const;

describe('docs/files.md', () => {
  test.each(FILES)('names every key of $file, and no other', ({ file, schema }) => {
    const leaves = [...keysOf(schema).keys()].filter((key) => !isExplainedByItsParts(key, schema));
    expect([...documented(file).keys()].toSorted()).toEqual(leaves.toSorted());
  });

  test.each(FILES)('states every default of $file as it is', ({ file, schema }) => {
    const rows = documented(file);
    for (const [key, defaults] of keysOf(schema)) {
      const stated = rows.get(key);
      if (stated === undefined) continue;
      const said = codeIn(stated).filter((code) => !['path', 'command'].includes(code));
      expect([key, said]).toEqual([key, [...defaults]]);
    }
  });

  test.each(FILES)('shows examples of $file that are read as they stand', ({ info, file, schema }) => {
    const examples = fences(PAGE, info);
    expect(examples.length).toBeGreaterThan(0);
    for (const example of examples) readYaml(schema, Buffer.from(example), file, 'FILE_INVALID');
  });

  test('quotes a message as it is said', () => {
    const [quoted = ''] = fences(PAGE, '');
    const wrong =
      'apiVersion: slipway/v1\nsources:\n  - { name: shop, url: ./shop }\n\nenvironments:\n  staging:\n    soack: {}\n';
    const said = () => readYaml(platformSchema, Buffer.from(wrong), 'platform.yaml', 'FILE_INVALID');
    expect(said).toThrow(quoted.trim());
  });
});

/** Key, and what stands in the column of defaults. */
function documented(file: string): Map<string, string> {
  const rows = tableUnder(PAGE, file).filter(([key = '', , , meaning]) => key.startsWith('`') && meaning !== undefined);
  return new Map(rows.map(([key = '', , byDefault = '']) => [codeIn(key)[0] ?? '', byDefault]));
}

type Def = z.core.$ZodTypes['_zod']['def'];

/** Every key that a schema knows, as `a.b[].<c>`, with the defaults that it has in one alternative or another. */
function keysOf(schema: z.core.$ZodType): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  walk(schema, '', found);
  return found;
}

function walk(schema: z.core.$ZodType, at: string, found: Map<string, Set<string>>): void {
  const { def, byDefault } = unwrapped(schema);
  if (at !== '' && !at.endsWith('[]')) {
    const defaults = found.get(at) ?? new Set();
    if (byDefault !== undefined) defaults.add(written(byDefault));
    found.set(at, defaults);
  }
  if (def.type === 'object') {
    for (const [key, value] of Object.entries(def.shape)) walk(value, at === '' ? key : `${at}.${key}`, found);
  }
  if (def.type === 'record') walk(def.valueType, `${at}.${PLACEHOLDER[at] ?? '<name>'}`, found);
  if (def.type === 'array') walk(def.element, `${at}[]`, found);
  if (def.type === 'union') for (const option of def.options) walk(option, at, found);
}

/** What the page calls a key that people choose. */
const PLACEHOLDER: Readonly<Record<string, string>> = {
  'runtimes.local.ports': '<target>',
  'run.env': '<VARIABLE>',
};

/** What is more than its keys. */
const NAMED = ['environments', 'runtimes.local.ports', 'webhooks.receivers[].url', 'run.env', 'run.env.<VARIABLE>'];

/** A mapping that has to be given, or is empty unless given, is explained by its keys. */
function isExplainedByItsParts(key: string, schema: z.core.$ZodType): boolean {
  const keys = keysOf(schema);
  const parts = [...keys.keys()].some((other) => other.startsWith(`${key}.`));
  const isNamed = NAMED.includes(key);
  const defaults = [...(keys.get(key) ?? [])].filter((value) => value !== '{}');
  return parts && !isNamed && defaults.length === 0;
}

function unwrapped(schema: z.core.$ZodType): { readonly def: Def; readonly byDefault: unknown } {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  const own = 'defaultValue' in def ? def.defaultValue : undefined;
  if ('innerType' in def) {
    const inner = unwrapped(def.innerType);
    return { def: inner.def, byDefault: own ?? inner.byDefault };
  }
  return def.type === 'pipe' ? unwrapped(def.in) : { def, byDefault: own };
}

/** A default as a person would write it in YAML. */
function written(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(String).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  const pairs = Object.entries(value).map(([key, each]) => `${key}: ${written(each)}`);
  return pairs.length === 0 ? '{}' : `{ ${pairs.join(', ')} }`;
}

import { readdirSync, readFileSync } from 'node:fs';
import { join, normalize, sep } from 'node:path';
import { expect, test } from 'vitest';

const SRC = join(import.meta.dirname, '../../src');

/** For each folder of `src`, the others that something in it imports. Modules that lie in `src` itself stand for themselves. */
function dependencies(): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  for (const file of readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))) {
    const folder = file.split(sep)[0] ?? file;
    const known = found.get(folder) ?? new Set();
    found.set(folder, known);
    for (const [, path = ''] of readFileSync(join(SRC, file), 'utf8').matchAll(/from '(\.[^']+)'/g)) {
      const other = normalize(join(file, '..', path)).split(sep)[0] ?? path;
      if (other !== folder && other !== '..') known.add(other);
    }
  }
  return found;
}

function reachedFrom(folder: string, all: ReturnType<typeof dependencies>): ReadonlySet<string> {
  const reached = new Set<string>();
  const next = [...(all.get(folder) ?? [])];
  for (let one = next.pop(); one !== undefined; one = next.pop()) {
    if (reached.has(one)) continue;
    reached.add(one);
    next.push(...(all.get(one) ?? []));
  }
  return reached;
}

test('no folder of src depends on one that depends on it, but for a command and the demo that it starts', () => {
  const all = dependencies();
  expect(all.size).toBeGreaterThan(20);
  const inCircles = [...all.keys()].filter((folder) => reachedFrom(folder, all).has(folder));
  expect(inCircles.toSorted()).toEqual(['cli', 'demo']);
});

import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { EFFECTS } from '../../src/failpoints.ts';
import { scanFolders, scanSource, type Rules, type Scan } from './scan.ts';

const rules: Rules = {
  passedOn: new Set([
    // Whoever sends a signal says what for.
    'src/process.ts signal',
    // Starts instances and short commands alike.
    'src/runtime/local/launch.ts start',
    // Puts names, marks and lists alike into a registry.
    'src/registry/manifests.ts putManifest',
  ]),
  allowed: new Set([
    // A short command, which ends with this process, and whose output nobody reads.
    'src/runtime/local/launch.ts runBeside',
    // Tries once what confines a command here, and ends it.
    'src/runtime/local/isolation.ts works',
    // Listens to see whether a port is free, and stops at once.
    'src/runtime/local/ports.ts isFree',
    // Empties an instance's own log: nothing is ever decided by what it holds.
    'src/runtime/local/log.ts capLog',
  ]),
};

let scan: Scan;
beforeAll(async () => {
  scan = await scanFolders(
    join(import.meta.dirname, '../..'),
    ['src/artifacts', 'src/bases', 'src/registry', 'src/runtime/local'],
    rules,
  );
});

describe('the store, on disk and in a registry, and the local runtime’s driver', () => {
  it('change nothing outside an effect', () => {
    expect(scan.bare).toEqual([]);
  });

  it('carry out every effect of the list at one place, and none beside them', () => {
    expect(scan.effects.map(({ name, place }) => name ?? place).toSorted()).toEqual(Object.keys(EFFECTS).toSorted());
  });

  it('have a middle in every effect', () => {
    expect(scan.effects.filter(({ hasMiddle }) => !hasMiddle)).toEqual([]);
  });

  it('need every exception that is made for them', () => {
    expect([...scan.used].toSorted()).toEqual([...rules.allowed, ...rules.passedOn].toSorted());
  });
});

describe('somebody who changes something without an effect', () => {
  const found = (source: string) => scanSource('src/artifacts/new.ts', source, rules).bare;

  it.each([
    ['a call', "import { rename } from 'node:fs/promises';\nawait rename(a, b);", 'src/artifacts/new.ts:2 rename'],
    [
      'another name',
      "import { rm as drop } from 'node:fs/promises';\nexport const f = () => drop(a);",
      'src/artifacts/new.ts:2 drop',
    ],
    ['a value', "import { unlinkSync } from 'fs';\npaths.forEach(unlinkSync);", 'src/artifacts/new.ts:2 unlinkSync'],
    [
      'a stream',
      "import { createWriteStream } from 'node:fs';\na.pipe(createWriteStream(b));",
      'src/artifacts/new.ts:2 createWriteStream',
    ],
    [
      'a file opened to be written',
      "import { open } from 'node:fs/promises';\nawait open(a, 'wx');",
      'src/artifacts/new.ts:2 open',
    ],
    [
      'a file opened somehow',
      "import { open } from 'node:fs/promises';\nawait open(a, flags);",
      'src/artifacts/new.ts:2 open',
    ],
    ['a handle', 'await handle.appendFile(a);', 'src/artifacts/new.ts:1 .appendFile'],
    ['a process', "import { spawn } from 'node:child_process';\nspawn(a);", 'src/artifacts/new.ts:2 spawn'],
    ['a signal', "import { signal as send } from '../process.ts';\nsend(a, 'SIGTERM');", 'src/artifacts/new.ts:2 send'],
    ['a signal of Node', "process.kill(a, 'SIGTERM');", 'src/artifacts/new.ts:1 .kill'],
    ['a server', 'createServer().listen(a);', 'src/artifacts/new.ts:1 .listen'],
    ['the whole module', "import * as fs from 'node:fs';\nfs.rmSync(a);", 'src/artifacts/new.ts:1 all of node:fs'],
    ['the module itself', "import fs from 'node:fs/promises';", 'src/artifacts/new.ts:1 all of node:fs/promises'],
    ['the module, later', "const fs = await import('node:fs');", 'src/artifacts/new.ts:1 import()'],
    ['the module, passed on', "export { rm } from 'node:fs';", 'src/artifacts/new.ts:1 all of node:fs'],
    [
      'before the effect',
      "import { rm } from 'node:fs';\nrm(a); effect('x', a, async (midway) => midway());",
      'src/artifacts/new.ts:2 rm',
    ],
    [
      'as the effect’s subject',
      "import { rm } from 'node:fs';\neffect('x', rm(a), async (midway) => midway());",
      'src/artifacts/new.ts:2 rm',
    ],
  ])('is found: %s', (_, source, where) => {
    expect(found(source)).toEqual([where]);
  });

  it.each([
    [
      'in an effect',
      "import { rm } from 'node:fs';\neffect('x', a, async (midway) => { midway(); [a].map((b) => rm(b)); });",
    ],
    [
      'where the middle is handed on',
      "import { rm } from 'node:fs';\nfunction drop(a: string, midway: Midway) { midway(); rm(a); }",
    ],
    [
      'only reading',
      "import { open, readFile } from 'node:fs/promises';\nawait open(a, 'r'); await open(a); await readFile(b);",
    ],
    ['only a type', "import type { rm } from 'node:fs';\nexport type Rm = typeof rm;"],
    [
      'only a property of that name',
      "import { rm } from 'node:fs';\nexport const x = a.rm; export const y = { rm: 1 };",
    ],
  ])('is not: %s', (_, source) => {
    expect(found(source)).toEqual([]);
  });

  it('is not covered by an effect that has no middle', () => {
    const without = scanSource('a.ts', "effect('x', a, async () => {}); effect('y', a, async (midway) => {});", rules);
    expect(without.effects.map(({ hasMiddle }) => hasMiddle)).toEqual([false, false]);
  });
});

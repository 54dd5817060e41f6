import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLayoutStore } from '../../src/artifacts/layout.ts';
import { readSealedBlob, type Sealed } from '../../src/artifacts/sealed.ts';
import { digestOf } from '../../src/digest-of.ts';
import { compile, type Compiled } from '../setup/compile.ts';
import { scratchStore } from './scratch.ts';

let compiled: Compiled;
beforeAll(async () => void (compiled = await compile('src/artifacts/layout.ts', 'src/artifacts/sealed.ts')));
afterAll(() => compiled.remove());

type Answer = Sealed & { readonly name: string };

/** A process that seals `content` under the names it is given; `answers` are those that it acknowledged. */
async function startWriter(path: string, content: string, size = 0) {
  const fixture = join(import.meta.dirname, 'fixtures/writer.mjs');
  const child: ChildProcessWithoutNullStreams = spawn(process.execPath, [
    fixture,
    join(compiled.folder, 'src/artifacts'),
    path,
    content,
    `${size}`,
  ]);
  const answers: Answer[] = [];
  let complaint = '';
  child.stderr.on('data', (text) => (complaint += text));
  const lines = createInterface({ input: child.stdout });
  const finished = once(child, 'close');
  await once(lines, 'line');
  lines.on('line', (line) => answers.push(JSON.parse(line) as Answer));
  return {
    answers,
    give: (names: readonly string[]) => child.stdin.write(names.map((name) => `${name}\n`).join('')),
    async answered(name: string) {
      while (answers.at(-1)?.name !== name) await once(lines, 'line');
    },
    async end(signal?: 'SIGKILL') {
      if (signal === undefined) child.stdin.end();
      else child.kill(signal);
      await finished;
      expect(complaint).toBe('');
      return answers;
    },
  };
}

/** Names in index.json, which has to be whole at any moment. */
async function indexedNames(layout: string): Promise<string[]> {
  const index = JSON.parse(await readFile(join(layout, 'index.json'), 'utf8'));
  return index.manifests.map((entry: { annotations: Record<string, string> }) => {
    return entry.annotations['org.opencontainers.image.ref.name'];
  });
}

describe('six processes at once', () => {
  it('have one winner for each name, all agree on it, and the index misses none', { timeout: 60_000 }, async () => {
    const { path, layout, store } = await scratchStore();
    const names = Array.from({ length: 50 }, (_, n) => `evidence-${n}`).sort();
    const writers = await Promise.all(Array.from({ length: 6 }, (_, n) => startWriter(path, `writer ${n}`)));
    for (const writer of writers) writer.give(names);
    const all = await Promise.all(writers.map((writer) => writer.end()));

    for (const name of names) {
      const answers = all.flat().filter((answer) => answer.name === name);
      expect(answers).toHaveLength(6);
      expect(answers.filter(({ won }) => won)).toHaveLength(1);
      expect(new Set(answers.map(({ digest }) => digest)).size).toBe(1);
      expect(digestOf((await readSealedBlob(store, name))!)).toBe(answers[0]!.digest);
    }
    expect(await store.names('')).toEqual(names);
    expect(await indexedNames(layout)).toEqual(names);
    expect(await readdir(join(layout, 'tmp'))).toEqual([]);
  });

  it('each with a name of its own find all six in the index once all are answered', { timeout: 60_000 }, async () => {
    const { path, layout, store } = await scratchStore();
    const writers = await Promise.all(Array.from({ length: 6 }, (_, n) => startWriter(path, `writer ${n}`)));
    for (let round = 0; round < 25; round += 1) {
      for (const [n, writer] of writers.entries()) writer.give([`r${round}-w${n}`]);
      await Promise.all(writers.map((writer, n) => writer.answered(`r${round}-w${n}`)));
      expect(await indexedNames(layout)).toEqual(await store.names(''));
    }
    await Promise.all(writers.map((writer) => writer.end()));
    expect(await store.names('')).toHaveLength(150);
  });
});

/** Large enough to be killed in the middle of it. */
const MEGABYTE = 2 ** 20;

describe('writers that are killed at any moment', () => {
  it('leave a store that reads whole and has lost nothing that was acknowledged', { timeout: 60_000 }, async () => {
    const { path, layout } = await scratchStore();
    const acknowledged: Answer[] = [];
    // Eight rounds at least, and as many as it takes until there is something to have been lost.
    for (let round = 0; round < 8 || acknowledged.length < 20; round += 1) {
      const writers = await Promise.all(
        [0, 1, 2].map((n) => startWriter(path, `round ${round} writer ${n}`, MEGABYTE)),
      );
      const killed = writers.map(async (writer, n) => {
        writer.give(Array.from({ length: 500 }, (_, name) => `r${round}-w${n}-${name}`));
        // Not a wait for anything: the moment of death is what varies.
        await delay(Math.random() * 120);
        return writer.end('SIGKILL');
      });
      acknowledged.push(...(await Promise.all(killed)).flat());
    }

    await indexedNames(layout);
    const store = createLayoutStore({ path }).component('storefront');
    for (const { name, digest, won } of acknowledged) {
      expect(won).toBe(true);
      expect(digestOf((await readSealedBlob(store, name))!)).toBe(digest);
    }
    const blobs = await readdir(join(layout, 'blobs/sha256'));
    for (const hex of blobs) expect(digestOf(await readFile(join(layout, 'blobs/sha256', hex)))).toBe(`sha256:${hex}`);

    await store.putBlob(Buffer.from('the next writer'));
    expect(await indexedNames(layout)).toEqual(await store.names(''));
  });
});

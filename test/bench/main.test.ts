import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { findDockerRegistry } from '../../bench/registry.ts';
import { compiledFolder } from '../../src/temporal/installation.ts';

test('whoever asks for a benchmark that does not exist is told which do', async () => {
  const main = join(compiledFolder(), 'bench', 'main.js');
  const { exitCode, stderr, stdout } = await execa(process.execPath, [main, 'rolback'], { reject: false });
  expect({ exitCode, stderr, stdout }).toEqual({
    exitCode: 2,
    stderr: 'expected one of stages, rollback, store; found rolback',
    stdout: '',
  });
});

test('the store takes an artifact in bounded memory, and the figures are told', async () => {
  const main = join(compiledFolder(), 'bench', 'main.js');
  const args = [main, 'store', '--size', '64', '--rounds', '1'];
  // The ratio of one round says nothing, so its exit code does not either.
  const { stdout } = await execa(process.execPath, args, { reject: false });
  const [, ratio, peak] =
    /^put \+ verify (\S+) of the floor .*, peak memory (\d+) MB \(goal 200 MB\)$/m.exec(stdout) ?? [];
  expect(Number(ratio)).toBeGreaterThan(0.5);
  // Node alone takes 40; three times the artifact, or a part of it kept, would be more.
  expect(Number(peak)).toBeGreaterThan(30);
  expect(Number(peak)).toBeLessThan(160);
  expect(stdout).toMatch(
    /^The whole way of an artifact, once: tar of the sandbox \d+ ms, read output \d+ ms, pack and put \d+ ms, verify \d+ ms, unpack \d+ ms; peak memory \d+ MB\.$/m,
  );
  const [, registry] = /^peak memory with a registry +(\d+) MB /m.exec(stdout) ?? [];
  const isInstalled = findDockerRegistry(process.env) !== null;
  expect({ measured: registry !== undefined, saysNot: stdout.includes('Not measured on a registry') }).toEqual({
    measured: isInstalled,
    saysNot: !isInstalled,
  });
  expect(Number(registry ?? 100)).toBeGreaterThan(30);
  // Buffers on the way to a socket come to more than those to a disk, but not with the size.
  expect(Number(registry ?? 100)).toBeLessThan(200);
});

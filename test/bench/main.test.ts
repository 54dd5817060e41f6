import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { compiledFolder } from '../../src/temporal/installation.ts';

test('whoever asks for a benchmark that does not exist is told which do', async () => {
  const main = join(compiledFolder(), 'bench', 'main.js');
  const { exitCode, stderr, stdout } = await execa(process.execPath, [main, 'rolback'], { reject: false });
  expect({ exitCode, stderr, stdout }).toEqual({
    exitCode: 2,
    stderr: 'expected one of stages, rollback; found rolback',
    stdout: '',
  });
});

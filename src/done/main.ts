import { readFileSync, writeSync } from 'node:fs';
import { runInNewContext } from 'node:vm';
import { BEGUN, OVERDUE, type Work } from './apart.ts';
import { judge } from './rule.ts';

/** The process that judges rules of platform files: reads {@link Work}, writes an outcome a line as soon as it has it. */
const { questions, timeout } = JSON.parse(readFileSync(0, 'utf8')) as Work;
const [first] = questions;
// Loads the language.
if (first !== undefined) judge('true', first.input);

writeSync(1, `${BEGUN}\n`);
try {
  runInNewContext('judgeAll()', { judgeAll }, { timeout });
} catch (error) {
  if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
  writeSync(1, `${OVERDUE}\n`);
}

function judgeAll(): void {
  for (const { rule, input } of questions) writeSync(1, `${JSON.stringify(judge(rule, input))}\n`);
}

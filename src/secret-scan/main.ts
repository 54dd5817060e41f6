import { readFileSync, writeSync } from 'node:fs';
import type { Told } from './apart.ts';
import { scan, type Work } from './scan.ts';

/** The process that looks through an artifact for secrets: reads {@link Work}, writes what it finds, a line each. */

// secretlint marks each of its steps, watches its own marks, and looks each up among all before it: it would go on long
// after it has said all that it has to say.
performance.mark = () => undefined as never;

const say = (told: Told): void => void writeSync(1, `${JSON.stringify(told)}\n`);
const work = JSON.parse(readFileSync(0, 'utf8')) as Work;
say({ extent: await scan(work, (found) => say({ found })) });
process.exit(0);

import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** `<state>/up.json`: how the other commands find what `slipway up` started. There while all is ready. */
export interface UpFile {
  /** Address of the Temporal server, `host:port`. */
  readonly address: string;
  /** Address of the Temporal UI; null when the server is not ours and does not say. */
  readonly ui: string | null;
  readonly namespace: string;
  /** Process id of `slipway up`. */
  readonly pid: number;
  /** Environments that have a deployer. */
  readonly environments: readonly string[];
}

/** Writes it in one step: whoever reads it reads all of it. */
export async function writeUpFile(state: string, content: UpFile): Promise<void> {
  const file = join(state, 'up.json');
  await writeFile(`${file}.new`, `${JSON.stringify(content, null, 2)}\n`);
  await rename(`${file}.new`, file);
}

/** Null when nothing is up here. */
export async function readUpFile(state: string): Promise<UpFile | null> {
  try {
    return JSON.parse(await readFile(join(state, 'up.json'), 'utf8')) as UpFile;
  } catch {
    return null;
  }
}

export async function removeUpFile(state: string): Promise<void> {
  await rm(join(state, 'up.json'), { force: true });
}

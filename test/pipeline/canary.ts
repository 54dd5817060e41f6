import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { temporal } from '@temporalio/proto';

/** A secret that can be told from everything else, with characters that encodings change; none that JSON escapes. */
export function canary(): string {
  return `kan+/?&=%~${randomBytes(12).toString('hex')}/end`;
}

/** Every form in which it might be somewhere: as it is, in base64 wherever it begins, in hexadecimal, URL-encoded. */
export function formsOf(value: string): readonly string[] {
  const bytes = Buffer.from(value);
  const base64 = [0, 1, 2].flatMap((before) => {
    // Without the groups at both ends, which hold bits of what stands around it.
    const core = Buffer.concat([Buffer.alloc(before), bytes])
      .toString('base64')
      .slice(4, -4);
    return [core, core.replaceAll('+', '-').replaceAll('/', '_')];
  });
  const url = encodeURIComponent(value);
  const hex = bytes.toString('hex');
  return [value, url, url.replaceAll(/%../g, (byte) => byte.toLowerCase()), hex, hex.toUpperCase(), ...base64];
}

/** Files below a folder that hold one of these in any form, but for those whose path `isExempt`. */
export async function filesWith(
  canaries: readonly string[],
  folder: string,
  isExempt: (path: string) => boolean = () => false,
): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const looked = files
    .filter((file) => !isExempt(file))
    .map(async (file) => {
      const content = await readFile(file, 'latin1').catch(() => '');
      return holds(canaries, content) ? [file] : [];
    });
  return (await Promise.all(looked)).flat();
}

export function holds(canaries: readonly string[], text: string): boolean {
  return canaries.flatMap(formsOf).some((form) => text.includes(form));
}

/** What is secret in each private key below a folder: the base64 between its first line and its last. */
export async function privateKeysIn(folder: string): Promise<readonly string[]> {
  const files = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith('.pem'));
  const pems = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
  return pems.map((pem) => pem.split('\n').slice(1, -2).join(''));
}

/** Ids of the workflows of a server in whose history one of these stands in any form; and how many it looked at. */
export async function historiesWith(
  canaries: readonly string[],
  client: Client,
): Promise<{ readonly looked: number; readonly found: readonly string[] }> {
  let looked = 0;
  const found: string[] = [];
  for await (const { workflowId, runId } of client.workflow.list()) {
    const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    const bytes = temporal.api.history.v1.History.encode(history).finish();
    if (holds(canaries, Buffer.from(bytes).toString('latin1'))) found.push(workflowId);
    looked += 1;
  }
  return { looked, found };
}

/** Watches the arguments of every process of this machine until it is stopped; resolves then with all that it saw. */
export function watchArguments(): () => Promise<string> {
  const seen = new Set<string>();
  let last: Promise<unknown> = Promise.resolve();
  const look = async (): Promise<void> => {
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
    await Promise.all(
      pids.map(async (pid) => seen.add(await readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => ''))),
    );
  };
  const timer = setInterval(() => {
    last = look();
  }, 300);
  return async () => {
    clearInterval(timer);
    await last;
    await look();
    return [...seen].join('\n');
  };
}

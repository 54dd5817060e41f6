import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { extract, type Extract } from 'tar-stream';
import type { TemporalProgram } from './programs.ts';

/** Where the Temporal SDKs download their servers. */
export const TEMPORAL_DOWNLOAD = 'https://temporal.download';

/** Milliseconds for the first answer: a network that swallows packets must not hold up what comes next. */
const ANSWERS_WITHIN = 3_000;
const ARRIVES_WITHIN = 180_000;

/**
 * Gets a program the way the Temporal SDKs do, at a fixed version. Their own code for it (`@temporalio/testing`) is a
 * development dependency of Slipway and starts the server inside the calling process; what is needed of it is one
 * question, one archive and one file.
 * @param site the SDKs' site, another one in tests.
 * @returns false when the site cannot be reached or does not have it.
 */
export async function downloadProgram(program: TemporalProgram, folder: string, site: string): Promise<boolean> {
  try {
    const { archiveUrl, fileToExtract } = await whereIs(program, site);
    const archive = await fetch(archiveUrl, { signal: AbortSignal.timeout(ARRIVES_WITHIN) });
    if (!archive.ok || archive.body === null) return false;
    await mkdir(join(folder, 'bin'), { recursive: true });
    return await unpack(Readable.fromWeb(archive.body), fileToExtract, join(folder, 'bin', program.executable));
  } catch {
    return false;
  }
}

async function whereIs(program: TemporalProgram, site: string): Promise<{ archiveUrl: string; fileToExtract: string }> {
  const question = new URL(`${site}/${program.download}/v${program.version}`);
  question.searchParams.set('arch', process.arch === 'x64' ? 'amd64' : process.arch);
  question.searchParams.set('platform', process.platform);
  question.searchParams.set('format', 'tar.gz');
  const answer = await fetch(question, { signal: AbortSignal.timeout(ANSWERS_WITHIN) });
  if (!answer.ok) throw new Error(`${question.href} answered ${answer.status}`);
  return (await answer.json()) as { archiveUrl: string; fileToExtract: string };
}

/** Writes the one wanted entry of a tar.gz; false when it is not there. */
async function unpack(archive: Readable, wanted: string, to: string): Promise<boolean> {
  const entries = extract();
  const [found] = await Promise.all([
    writeEntry(entries, basename(wanted), to),
    pipeline(archive, createGunzip(), entries),
  ]);
  return found;
}

async function writeEntry(entries: Extract, wanted: string, to: string): Promise<boolean> {
  let found = false;
  for await (const entry of entries) {
    if (!found && entry.header.type === 'file' && basename(entry.header.name) === wanted) {
      await pipeline(entry, createWriteStream(to, { mode: 0o755 }));
      found = true;
    } else {
      entry.resume();
    }
  }
  return found;
}

// One job of the benchmark of the store, in a process of its own, whose memory is that of the job.
// node store-work.js <job> <folder with the bytes> <empty folder to work in> [<address of a registry>];
// says { steps, peak } as JSON.
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, readFileSync } from 'node:fs';
import { copyFile, mkdir, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { assembleImage, unpackImage, verifyImage, type AssembledImage } from '../src/artifacts/image.ts';
import { packLayer } from '../src/artifacts/layer.ts';
import { createLayoutStore } from '../src/artifacts/layout.ts';
import { createRegistryStore } from '../src/artifacts/registry.ts';
import type { ArtifactStore, ComponentStore } from '../src/artifacts/store.ts';
import { readOutput } from '../src/build/output.ts';
import type { SealedManifest } from '../src/config/manifest.ts';
import { registryAddress } from '../src/registry/address.ts';

const MANIFEST: SealedManifest = {
  component: 'large',
  kind: 'service',
  run: { command: ['true'], env: {}, startWithin: 1000 },
  health: { path: '/', interval: 1000, timeout: 1000, failures: 3 },
  smoke: [],
};
const SOURCE = { repository: 'bench', revision: 'a'.repeat(40), committedAt: 1_700_000_000 };

const [job = '', from = '', to = '', registry] = process.argv.slice(2);
const artifacts: ArtifactStore =
  registry === undefined
    ? createLayoutStore({ path: join(to, 'store') })
    : createRegistryStore({ address: registryAddress(registry), holding: join(to, 'uploads') });
const store: ComponentStore = artifacts.component('large');
const steps: Record<string, number> = {};

/** Each goes over all of the bytes, so each says how long it took, in milliseconds. */
async function timed<T>(step: string, work: () => Promise<T>): Promise<T> {
  const began = performance.now();
  const done = await work();
  steps[step] = performance.now() - began;
  return done;
}

const put = (folder: string): Promise<AssembledImage> =>
  assembleImage({ store, folder, manifest: MANIFEST, source: SOURCE });

const JOBS: Readonly<Record<string, () => Promise<void>>> = {
  /** What nobody can do without: each byte is hashed, copied, and asked of the disk. */
  async floor() {
    const files = await readdir(from);
    await timed('sha256', async () => {
      const hash = createHash('sha256');
      for (const file of files) {
        for await (const chunk of createReadStream(join(from, file), { highWaterMark: 2 ** 20 })) hash.update(chunk);
      }
      hash.digest();
    });
    await timed('copy', async () => {
      for (const file of files) await copyFile(join(from, file), join(to, file));
    });
    await timed('fsync', async () => {
      for (const file of files) {
        const copied = await open(join(to, file), 'r');
        await copied.sync();
        await copied.close();
      }
    });
  },

  /** What Build and whoever believes it do: pack and put, and hash all of it again. */
  async store() {
    const { digest } = await timed('put', () => put(from));
    await timed('verify', () => verifyImage(store, digest));
  },

  /** The same through a registry: all of it goes there, and comes back. */
  async registry() {
    const { digest } = await timed('push', () => put(from));
    await timed('pull', () => verifyImage(store, digest));
  },

  /** The way of an artifact from the sandbox to the folder that it runs from. */
  async way() {
    const tar = join(to, 'output.tar');
    await mkdir(join(to, 'sandbox'));
    await timed('tar of the sandbox', () => pipeline(packLayer(from, { mtime: 0 }), createWriteStream(tar)));
    await timed('read output', () => readOutput(tar, join(to, 'built')));
    const { digest } = await timed('pack and put', () => put(join(to, 'built')));
    await timed('verify', () => verifyImage(store, digest));
    await timed('unpack', () => unpackImage(store, digest, join(to, 'unpacked')));
  },
};

await JOBS[job]?.();
process.stdout.write(JSON.stringify({ steps, peak: peakMemory() }));

/** Bytes. Not what the system counts for a child: that begins with what its parent has. */
function peakMemory(): number {
  try {
    const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
    if (kilobytes !== undefined) return Number(kilobytes) * 1024;
  } catch {
    // Not Linux: as near as it comes.
  }
  return process.resourceUsage().maxRSS * 1024;
}

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { buffer } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import type { SourceFile } from '../../src/source/repository.ts';
import { file } from './checkout.ts';

/** A package as its author wrote it. */
export interface WrittenPackage {
  readonly name: string;
  /** By path; `package.json` is written by itself. */
  readonly files?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly bin?: string;
}

type Answer = (response: ServerResponse) => void;

/** A registry of npm's on a port of its own: what the real client asks for, and what a registry says when it is ill. */
export interface NpmRegistry {
  /** `http://127.0.0.1:PORT/` */
  readonly address: string;
  /** Paths that were asked for. */
  readonly asked: readonly string[];
  /** Headers of the requests, as one text. */
  heard(): string;
  /** From now on, answers for paths that match so. */
  answer(path: RegExp, answer: Answer): void;
  /** The lock file's entry of a package, version 1.0.0. */
  entry(name: string): { readonly version: string; readonly resolved: string; readonly integrity: string };
}

export async function openRegistry(written: readonly WrittenPackage[]): Promise<NpmRegistry> {
  const tarballs = new Map<string, Buffer>();
  for (const each of written) tarballs.set(each.name, await tarballOf(each));
  const asked: string[] = [];
  const heard: string[] = [];
  const answers: (readonly [RegExp, Answer])[] = [];
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? '');
    asked.push(path);
    heard.push(JSON.stringify(request.rawHeaders));
    const other = answers.findLast(([pattern]) => pattern.test(path));
    if (other !== undefined) return other[1](response);
    const name = path.slice(1).replace(/\/-\/.*$/, '');
    const tarball = tarballs.get(name);
    const found = written.find((each) => each.name === name);
    if (tarball === undefined || found === undefined) return void response.writeHead(404).end('{"error":"not found"}');
    if (path.endsWith('.tgz')) return void response.end(tarball);
    const dist = { tarball: tarballAt(address, name), integrity: integrityOf(tarball) };
    const version = { ...manifestOf(found), dist };
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ name, 'dist-tags': { latest: '1.0.0' }, versions: { '1.0.0': version } }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return {
    address,
    asked,
    heard: () => heard.join('\n'),
    answer: (path, answer) => void answers.push([path, answer]),
    entry(name) {
      const tarball = tarballs.get(name);
      if (tarball === undefined) throw new Error(`${name} was not written`);
      return { version: '1.0.0', resolved: tarballAt(address, name), integrity: integrityOf(tarball) };
    },
  };
}

/** A component's files that npm goes by: it asks for `direct`, and its lock file names `packages`, by path. */
export function lockedComponent(
  direct: readonly string[],
  packages: Readonly<Record<string, object>>,
  more: readonly SourceFile[] = [],
): readonly SourceFile[] {
  const dependencies = Object.fromEntries(direct.map((name) => [name, '1.0.0']));
  const own = { name: 'shop', version: '1.0.0', dependencies };
  const lock = { name: 'shop', lockfileVersion: 3, requires: true, packages: { '': own, ...packages } };
  return [
    file('shop/package.json', JSON.stringify(own)),
    file('shop/package-lock.json', JSON.stringify(lock, null, 2)),
    ...more,
  ];
}

function tarballAt(address: string, name: string): string {
  return `${address}${name}/-/${name.replace(/^.*\//, '')}-1.0.0.tgz`;
}

function manifestOf({ name, dependencies, scripts, bin }: WrittenPackage) {
  return {
    name,
    version: '1.0.0',
    ...(dependencies && { dependencies }),
    ...(scripts && { scripts }),
    ...(bin && { bin }),
  };
}

async function tarballOf(written: WrittenPackage): Promise<Buffer> {
  const tar = pack();
  const files = { 'package.json': JSON.stringify(manifestOf(written)), ...written.files };
  for (const [path, content] of Object.entries(files)) tar.entry({ name: `package/${path}` }, content);
  tar.finalize();
  return gzipSync(await buffer(tar));
}

function integrityOf(bytes: Buffer): string {
  return `sha512-${createHash('sha512').update(bytes).digest('base64')}`;
}

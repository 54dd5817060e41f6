import { gzipSync } from 'node:zlib';
import type { ChosenBase } from '../../src/artifacts/base.ts';
import { MEDIA_TYPE, putJson } from '../../src/artifacts/oci.ts';
import type { ComponentStore, Descriptor } from '../../src/artifacts/store.ts';
import { digestOf } from '../../src/digest-of.ts';
import { tarOf } from './tars.ts';

type Document = Record<string, unknown>;

/** What is changed of a base that is right. */
export interface Changes {
  readonly manifest?: (right: { config: Descriptor; layers: Descriptor[] }) => Document;
  readonly config?: Document;
}

/**
 * Puts a base of two layers into a store, as a pull does: a plain tar with `bin` as a link to `usr/bin`, and a gzip of
 * another one.
 */
export async function putBase(store: ComponentStore, changes: Changes = {}): Promise<ChosenBase> {
  const first = await tarOf([
    { name: 'usr/', type: 'directory' },
    { name: 'usr/bin/', type: 'directory' },
    { name: 'usr/bin/node', content: 'of the base', mode: 0o755 },
    { name: 'bin', type: 'symlink', linkname: 'usr/bin' },
  ]);
  const second = await tarOf([{ name: 'etc/', type: 'directory' }]);
  const layers = [
    { mediaType: MEDIA_TYPE.layer, ...(await store.putBlob(first)) },
    { mediaType: MEDIA_TYPE.gzipLayer, ...(await store.putBlob(gzipSync(second))) },
  ];
  const config = await putJson(store, MEDIA_TYPE.config, {
    architecture: 'arm64',
    variant: 'v8',
    os: 'linux',
    created: '2026-01-01T00:00:00Z',
    author: 'somebody',
    config: {
      Env: ['PATH=/usr/bin', 'LOG_LEVEL=debug', 'NODE_VERSION=22'],
      Entrypoint: ['docker-entrypoint.sh'],
      Cmd: ['node'],
      User: 'root',
      Volumes: { '/data': {} },
      ExposedPorts: { '80/tcp': {} },
      WorkingDir: '/srv',
      StopSignal: 'SIGQUIT',
      Labels: { maintainer: 'somebody', 'org.opencontainers.image.title': 'a base' },
    },
    rootfs: { type: 'layers', diff_ids: [layers[0]?.digest, digestOf(second)] },
    history: [{ created_by: 'ADD root' }, { created_by: 'ENV x', empty_layer: true }, { created_by: 'ADD etc' }],
    ...changes.config,
  });
  const right = { schemaVersion: 2, mediaType: MEDIA_TYPE.manifest, config, layers };
  const manifest = { ...right, ...changes.manifest?.({ config, layers }) };
  return { name: 'registry.example/base:1', descriptor: await putJson(store, MEDIA_TYPE.manifest, manifest) };
}

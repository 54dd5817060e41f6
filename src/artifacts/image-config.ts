import { DEFAULT_PORT, type ImageSettings } from '../config/image.ts';
import type { SealedManifest } from '../config/manifest.ts';
import type { Digest } from '../contract/digest.ts';
import type { BaseImage } from './base.ts';
import { canonicalJson } from './canonical.ts';

/** Label that holds what the later stages need, so that nobody reads the source again. */
export const MANIFEST_LABEL = 'dev.slipway.manifest';

/** OCI image-spec, config.md, as much of it as Slipway writes. */
export interface OciConfig {
  readonly created: string;
  readonly architecture: string;
  readonly os: 'linux';
  readonly variant?: string;
  readonly config: {
    /** `uid:gid`. */
    readonly User: string;
    /** `<port>/tcp`. */
    readonly ExposedPorts?: Readonly<Record<string, object>>;
    readonly Env: readonly string[];
    readonly Entrypoint: readonly string[];
    readonly WorkingDir: WorkingFolder;
    readonly Labels: Readonly<Record<string, string>>;
  };
  readonly rootfs: { readonly type: 'layers'; readonly diff_ids: readonly Digest[] };
  readonly history?: readonly unknown[];
}

/**
 * Where the component's files lie in its image, and what its commands run in. On a base they have a folder of their own,
 * so that no file of theirs takes the place of one of the base (its `/bin` may be a link).
 */
export type WorkingFolder = '/' | '/app';

export function workingFolderOn(base: BaseImage | null): WorkingFolder {
  return base === null ? '/' : '/app';
}

/** What an image says of itself, beside its bytes. */
export interface ConfigParts {
  readonly manifest: SealedManifest;
  readonly settings: ImageSettings;
  readonly source: {
    readonly repository: string;
    /** 40 hex digits. */
    readonly revision: string;
    /** Seconds since 1970; the time of everything in the image. */
    readonly committedAt: number;
  };
  /** The component's layer, a plain tar, which is its own diff id (OCI image-spec, config.md). */
  readonly layer: Digest;
  readonly base: BaseImage | null;
}

/**
 * The config of an image. What a base says of its own program (entry point, command, user, ports, volumes, labels) is no
 * part of it; its environment is, with the component's over it, and so is what its layers are.
 */
export function configOf({ manifest, settings, source, layer, base }: ConfigParts): OciConfig {
  const created = new Date(source.committedAt * 1000).toISOString();
  const port = manifest.kind === 'agent' ? null : (settings.port ?? DEFAULT_PORT);
  const history = base?.history && [...base.history, { created, created_by: `slipway: ${manifest.component}` }];
  return {
    created,
    architecture: base?.architecture ?? 'amd64',
    os: 'linux',
    ...(base?.variant !== undefined && { variant: base.variant }),
    config: {
      User: settings.user,
      ...(port !== null && { ExposedPorts: { [`${port}/tcp`]: {} } }),
      Env: environmentOf(base?.environment ?? [], [...plainEnvironment(manifest), ...(port ? [`PORT=${port}`] : [])]),
      Entrypoint: manifest.run.command,
      WorkingDir: workingFolderOn(base),
      Labels: {
        [MANIFEST_LABEL]: canonicalJson(manifest),
        ...sorted(settings.labels),
        'org.opencontainers.image.created': created,
        'org.opencontainers.image.revision': source.revision,
        'org.opencontainers.image.source': source.repository,
        ...(base && baseAnnotations(base)),
      },
    },
    rootfs: { type: 'layers', diff_ids: [...(base?.diffIds ?? []), layer] },
    ...(history && { history }),
  };
}

/** How OCI image-spec, annotations.md, has it said what an image was built on. */
export function baseAnnotations({ name, digest }: BaseImage): Readonly<Record<string, string>> {
  return { 'org.opencontainers.image.base.name': name, 'org.opencontainers.image.base.digest': digest };
}

/** The base's first, but for what ours replaces. */
function environmentOf(base: readonly string[], own: readonly string[]): readonly string[] {
  const nameOf = (entry: string): string => entry.split('=', 1)[0] ?? entry;
  const ours = new Set(own.map(nameOf));
  return [...base.filter((entry) => !ours.has(nameOf(entry))), ...own.toSorted()];
}

/** `NAME=value`. Addresses and secrets are the runtime's to give: they differ by environment and are no part of an image. */
function plainEnvironment({ run }: SealedManifest): string[] {
  return Object.entries(run.env).flatMap(([name, value]) => (typeof value === 'string' ? [`${name}=${value}`] : []));
}

/** The same labels in another order are the same bytes. */
function sorted(labels: ImageSettings['labels']): Readonly<Record<string, string>> {
  const given = Object.entries(labels).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return Object.fromEntries(given.sort(([a], [b]) => (a < b ? -1 : 1)));
}

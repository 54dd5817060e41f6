import type { Descriptor } from '../contract/descriptor.ts';
import type { FoundManifest } from './manifests.ts';

/** The parts of any manifest that tell what it is. */
interface Told {
  readonly mediaType?: unknown;
  readonly artifactType?: unknown;
  readonly annotations?: unknown;
  readonly config?: { readonly mediaType?: unknown };
  readonly subject?: Partial<Descriptor>;
}

/** Describes a manifest as a list of referrers does (OCI distribution-spec, listing referrers). */
export function describe({ bytes, digest, mediaType: served }: FoundManifest): Descriptor {
  const { mediaType = served, artifactType, annotations } = toldIn(bytes);
  return {
    mediaType: String(mediaType),
    digest,
    size: bytes.byteLength,
    ...(typeof artifactType === 'string' && { artifactType }),
    ...(isTexts(annotations) && { annotations }),
  };
}

/** What a manifest is about, or null. */
export function subjectOf({ bytes }: Pick<FoundManifest, 'bytes'>): Partial<Descriptor> | null {
  return toldIn(bytes).subject ?? null;
}

function toldIn(bytes: Buffer): Told {
  try {
    return (JSON.parse(bytes.toString('utf8')) as Told | null) ?? {};
  } catch {
    return {};
  }
}

function isTexts(value: unknown): value is Readonly<Record<string, string>> {
  return typeof value === 'object' && value !== null && Object.values(value).every((each) => typeof each === 'string');
}

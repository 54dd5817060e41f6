import { z } from 'zod';
import { line } from './words.ts';

/** Linux, containerd: ids go up to 2^31 - 1. */
const LARGEST_ID = 2 ** 31 - 1;

/** Whom nobody is: what distroless images call nonroot. */
const NOBODY = '65532:65532';

/** `uid` or `uid:gid`, in numbers, neither of them root's; the group is that of the same number unless given. */
const user = z
  .custom<string | number>((value) => typeof value === 'string' || typeof value === 'number', 'a user, uid or uid:gid')
  .check((context) => {
    const ids = idsOf(context.value);
    const expected = `uid or uid:gid, in numbers from 1 to ${LARGEST_ID}`;
    const refuse = (todo: string): void => {
      context.issues.push({ code: 'custom', input: context.value, message: expected, params: { todo } });
    };
    if (ids === null) refuse('write the numbers: an image need not know names');
    else if (ids.includes(0)) refuse('choose another: no component runs as root');
    else if (ids.some((id) => id > LARGEST_ID)) refuse('choose a smaller one');
  })
  .transform((value) => {
    const [uid, gid = uid] = idsOf(value) ?? [];
    return `${uid}:${gid}`;
  });

function idsOf(value: string | number): readonly number[] | null {
  const text = String(value);
  if (text === 'root') return [0];
  return /^\d{1,10}(?::\d{1,10})?$/.test(text) ? text.split(':').map(Number) : null;
}

const label = line.max(500).optional();

/**
 * Labels that a component may give (OCI image-spec, annotations.md). Revision, source, created and base are Slipway's:
 * they say what it did, not what a component says of itself.
 */
const labels = z.strictObject({
  'org.opencontainers.image.title': label,
  'org.opencontainers.image.description': label,
  'org.opencontainers.image.licenses': label,
  'org.opencontainers.image.vendor': label,
  'org.opencontainers.image.url': label,
  'org.opencontainers.image.documentation': label,
  'org.opencontainers.image.authors': label,
});

/** `image` of slipway.yaml: what the image says to whatever runs images. */
export const imageSettings = z.strictObject({
  user: user.default(NOBODY),
  /** Where it listens unless `$PORT` says otherwise; 8080 unless given, and nowhere for an agent. */
  port: z.int().min(1).max(65_535).optional(),
  labels: labels.prefault({}),
});

export type ImageSettings = z.output<typeof imageSettings>;

/** What holds for a component that says nothing. */
export const DEFAULT_SETTINGS: ImageSettings = imageSettings.parse({});
export const DEFAULT_PORT = 8080;

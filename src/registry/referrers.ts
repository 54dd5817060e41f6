import { setTimeout as sleep } from 'node:timers/promises';
import type { Descriptor } from '../contract/descriptor.ts';
import { hexOf, isDigest, type Digest } from '../contract/digest.ts';
import { effect, type Midway } from '../failpoints.ts';
import { bytesOf, drop, headerOf } from './answer.ts';
import { describe } from './descriptor.ts';
import { RegistryFault } from './fault.ts';
import { getManifest, MANIFEST_BYTES, putManifest, SMALL, type FoundManifest } from './manifests.ts';
import { persistently } from './patience.ts';
import type { Place } from './place.ts';
import { listTags } from './tags.ts';
import { placeIn, shown } from './transport.ts';
import { createTurns } from './turns.ts';

/** What speaks about an image, as other tools look for it. */
export interface Referrers {
  /** Lists a manifest at its subject, in a registry that does not do so by itself. Again, it changes nothing. */
  add(subject: Digest, referrer: FoundManifest): Promise<void>;
  /** Everything that is listed at a subject. */
  list(subject: Digest): Promise<readonly Descriptor[]>;
}

/** The tag of a subject's list (OCI distribution-spec, referrers tag schema), and of the marks beside it. */
const OURS = /^sha256-[0-9a-f]{64}(?:\..*)?$/;

/** Whether a tag is one of those that tools keep for an image, and no name that anybody gave. */
export function isBookkeeping(tag: string): boolean {
  return OURS.test(tag);
}

/**
 * A registry without the referrers API keeps the list in a tag, which each writer reads, changes and puts back: of two
 * at once, one is lost. So that list is only derived here. The truth are marks: one tag for each referrer,
 * `sha256-<subject>.<referrer>`, which nobody else ever writes. Whoever has put his mark writes the list from all marks
 * and then looks at both again, until the list has every mark: the last one to look has them all, in however many
 * processes. Who is killed between his list and his last look leaves it to the next one, or to his own second try.
 */
export function createReferrers(place: Place): Referrers {
  const turns = createTurns();
  // A mark never moves: what was read once is never read again.
  const marked = new Map<string, Descriptor>();
  let listsItself: Promise<boolean> | undefined;

  /** Whether the registry has the referrers API; asked once. */
  async function hasApi(subject: Digest): Promise<boolean> {
    listsItself ??= firstPage(place, subject).then((page) => page !== null);
    try {
      return await listsItself;
    } catch (error) {
      listsItself = undefined;
      throw error;
    }
  }

  async function marksAt(subject: Digest): Promise<readonly Descriptor[]> {
    const marks = (await listTags(place)).filter((tag) => tag.startsWith(`${listOf(subject)}.`));
    const found: Descriptor[] = [];
    for (const mark of marks) {
      const known = marked.get(mark) ?? (await readMark(place, mark));
      if (known === null) continue;
      marked.set(mark, known);
      found.push(known);
    }
    return found;
  }

  async function bringUpToDate(subject: Digest, midway: Midway): Promise<void> {
    midway();
    for (let round = 0; round < ROUNDS; round += 1) {
      const marks = await marksAt(subject);
      const listed = await readList(place, listOf(subject));
      const missing = marks.filter(({ digest }) => !listed.some((entry) => entry.digest === digest));
      if (missing.length === 0) return;
      // Others are at it: let one of us be the last.
      if (round > 0) await sleep(Math.random() * Math.min(round, 10) * 20);
      const list = { schemaVersion: 2, mediaType: INDEX, manifests: [...listed, ...missing] };
      const bytes = Buffer.from(JSON.stringify(list));
      await persistently(place.patience, () => putManifest(place, listOf(subject), { mediaType: INDEX, bytes }));
    }
    throw new RegistryFault('away', `${place.repository} never keeps the list of what speaks about ${subject}`);
  }

  return {
    async add(subject, referrer) {
      if (await hasApi(subject)) return;
      await effect('registry.list-referrer', subject, async (midway) => {
        const mark = `${listOf(subject)}.${hexOf(referrer.digest).slice(0, 32)}`;
        await persistently(place.patience, () => putManifest(place, mark, referrer));
        marked.set(mark, describe(referrer));
        await turns(subject, () => bringUpToDate(subject, midway));
      });
    },

    async list(subject) {
      if (!(await hasApi(subject))) return await readList(place, listOf(subject));
      const found: Descriptor[] = [];
      let page = await firstPage(place, subject);
      while (page !== null) {
        found.push(...page.manifests);
        page = page.next === null ? null : await readPage(place, page.next);
      }
      return found;
    },
  };
}

const INDEX = 'application/vnd.oci.image.index.v1+json';
const ROUNDS = 100;

function listOf(subject: Digest): string {
  return `sha256-${hexOf(subject)}`;
}

async function readMark(place: Place, mark: string): Promise<Descriptor | null> {
  const found = await getManifest(place, mark);
  return found === null ? null : describe(found);
}

/** A list that is none, whoever put it there, is written anew. */
async function readList(place: Place, tag: string): Promise<readonly Descriptor[]> {
  const found = await getManifest(place, tag);
  return found === null ? [] : (entriesIn(found.bytes) ?? []);
}

interface Page {
  readonly manifests: readonly Descriptor[];
  readonly next: URL | null;
}

const firstPage = (place: Place, subject: Digest): Promise<Page | null> =>
  readPage(place, place.url(`referrers/${subject}`));

/** How registries say that they do not know this question. */
const NO_API = [400, 404, 405];

/** Null where the registry has no such API. */
async function readPage({ transport, patience, scope }: Place, url: URL): Promise<Page | null> {
  return persistently(patience, async () => {
    const question = { url, scope: scope(false), headers: { accept: INDEX }, accept: NO_API, within: SMALL };
    const answer = await transport.ask({ method: 'GET', ...question });
    if (NO_API.includes(answer.statusCode)) {
      await drop(answer);
      return null;
    }
    const manifests = entriesIn(await bytesOf(answer, MANIFEST_BYTES, shown(url)));
    if (manifests === null) return null;
    const link = /<([^>]*)>\s*;\s*rel="?next"?/.exec(headerOf(answer, 'link') ?? '')?.[1] ?? null;
    return { manifests, next: link === null ? null : placeIn(link, url) };
  });
}

/** The descriptors of an index, or null. */
function entriesIn(bytes: Uint8Array): readonly Descriptor[] | null {
  try {
    const { manifests } = JSON.parse(Buffer.from(bytes).toString('utf8')) as { manifests?: unknown };
    const whole = Array.isArray(manifests) && manifests.every((entry: Descriptor | null) => isDigest(entry?.digest));
    return whole ? (manifests as Descriptor[]) : null;
  } catch {
    return null;
  }
}

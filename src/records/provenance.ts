import { saysTheSame } from '../artifacts/canonical.ts';
import { readDocument, sealDocument, type Document } from '../artifacts/sealed.ts';
import type { ComponentStore, Descriptor } from '../artifacts/store.ts';
import { hexOf, type Digest } from '../contract/digest.ts';
import type { BuildFindings, BuildOrigin } from '../contract/evidence.ts';
import { STRENGTHS } from '../contract/sandbox-strength.ts';
import { buildIn, provenanceStatement } from '../contract/slsa.ts';
import { DOCUMENT } from './document-types.ts';
import { nameOf } from './names.ts';

/** What was built of a definition: found again by it, and adopted. */
export type Provenance = BuildFindings & { readonly origin: BuildOrigin };

/** Seals the provenance of an artifact, attached to it; the first for a definition and a kind of sandbox stands. */
export async function sealProvenance(store: ComponentStore, built: Provenance, image: Descriptor): Promise<void> {
  const subject = { name: store.component, digest: { sha256: hexOf(image.digest) } };
  await sealDocument({
    store,
    name: nameOf.build(built.definition, built.sandbox),
    artifactType: DOCUMENT.provenance,
    statement: provenanceStatement(built, built.origin, subject),
    subject: image,
  });
}

/**
 * What was built of a definition before, in the strongest sandbox: null when nothing was, or when what stands there is
 * not signed by a builder whose key is good now. Nobody's word but a builder's is taken for bytes that are not built
 * again (§6, §8).
 * @throws ARTIFACT_CORRUPT
 */
export async function readProvenance(
  store: ComponentStore,
  definition: Digest,
  environment: string,
): Promise<Provenance | null> {
  for (const sandbox of STRENGTHS.toReversed()) {
    const found = await readDocument(store, nameOf.build(definition, sandbox));
    const built = found && (await trusted(store, found, { definition, sandbox, environment }));
    if (built !== null) return built;
  }
  return null;
}

async function trusted(
  store: ComponentStore,
  found: Document,
  { definition, sandbox, environment }: { definition: Digest; sandbox: string; environment: string },
): Promise<Provenance | null> {
  const built = buildIn(found.statement, saysTheSame) as Provenance | null;
  if (built === null || built.definition !== definition || built.sandbox !== sandbox) return null;
  if (found.statement.subject[0]?.digest.sha256 !== hexOf(built.release.digest)) return null;
  const claim = { roles: ['builder'], environment, at: built.origin.finishedAt } as const;
  return (await store.notary.judge(found, claim, true)).state === 'signed' ? built : null;
}

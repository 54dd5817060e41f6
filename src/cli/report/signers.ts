import type { SignedDocument } from '../../contract/signers.ts';

/** One line a key, and what it signed; last, what nobody signed. */
export function signerLines(signers: readonly SignedDocument[]): readonly string[] {
  const documents = new Map<string | null, string[]>();
  for (const { document, key } of signers) documents.set(key, [...(documents.get(key) ?? []), document]);
  const signed = [...documents].flatMap(([key, names]) =>
    key === null ? [] : [`  signed by ${key}: ${names.join(', ')}`],
  );
  const unsigned = documents.get(null);
  return unsigned === undefined
    ? signed
    : [...signed, `  unsigned, from before anything was signed: ${unsigned.join(', ')}`];
}

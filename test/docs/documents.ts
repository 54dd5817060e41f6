import { readDocument } from '../../src/artifacts/sealed.ts';
import type { ComponentStore } from '../../src/artifacts/store.ts';
import type { Statement } from '../../src/contract/envelope.ts';

/** What begins the names of documents; others are versions, platform files, histories and SBOMs. */
const KINDS = ['evidence.', 'outcome.', 'record.', 'act.', 'quarantine.', 'watch.', 'build.'];

/** Every statement that is sealed in a component's store, by its name. */
export async function statementsIn(store: ComponentStore): Promise<ReadonlyMap<string, Statement>> {
  const found = new Map<string, Statement>();
  for (const name of (await Promise.all(KINDS.map((kind) => store.names(kind)))).flat()) {
    const document = await readDocument(store, name);
    if (document !== null) found.set(name, document.statement);
  }
  return found;
}

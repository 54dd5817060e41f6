import type { z } from 'zod';
import { SlipwayError, type FailureCode } from '../contract/failure.ts';
import { formatFindings, type Finding } from './finding.ts';
import { expectationOf, explain } from './issue.ts';
import { parseYaml } from './yaml.ts';

/** Which failure a bad file is, by whose file it is. */
export type FileCode = Extract<FailureCode, 'FILE_INVALID' | 'MANIFEST_INVALID' | 'CHANGE_DOCUMENT_INVALID'>;

/**
 * Reads one of the YAML files that people write: UTF-8, one document, a mapping, at most 256 KiB. Everything that is
 * wrong is listed at once, each on a line of its own:
 * `file:line:column  path.to.key: found X, expected Y; do Z`.
 *
 * @param file what the file is called in messages
 * @throws SlipwayError with `code`
 */
export function readYaml<S extends z.ZodType>(schema: S, bytes: Uint8Array, file: string, code: FileCode): z.output<S> {
  const refuse = (findings: readonly Finding[]): SlipwayError => new SlipwayError(code, formatFindings(file, findings));

  const yaml = parseYaml(bytes);
  if ('findings' in yaml) throw refuse(yaml.findings);

  const parsed = schema.safeParse(yaml.value, { error: expectationOf });
  if (parsed.success) return parsed.data;
  throw refuse(parsed.error.issues.flatMap((issue) => explain(issue, schema, yaml)));
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv, type ErrorObject } from 'ajv';
import formats from 'ajv-formats';
import type { Statement } from '../../src/contract/envelope.ts';
import { evidenceType, SLSA } from '../../src/contract/slsa.ts';
import { PROVENANCE, STATEMENT, SUMMARY } from '../contract/slsa-specs.ts';
import { BUILD_FIELD, FOLDER, PUBLISHED } from './published.ts';

const ajv = new Ajv({ strictSchema: true, strictRequired: false, strictTypes: false, allErrors: true });
formats.default(ajv);
for (const { file } of PUBLISHED) ajv.addSchema(JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as object);
ajv.addSchema(STATEMENT, 'statement').addSchema(PROVENANCE, SLSA.provenance).addSchema(SUMMARY, SLSA.summary);

/** What is wrong with a statement by the form that is published for its kind; empty when nothing is. */
export function faultsOfForm(statement: Statement): readonly string[] {
  const { predicateType, predicate } = statement;
  const faults = [...faultsBy('statement', statement), ...faultsBy(predicateType, predicate)];
  if (predicateType !== SLSA.provenance && predicateType !== SLSA.summary) return faults;
  const { slipway_stage: stage, slipway_build: build } = predicate as Readonly<Record<string, unknown>>;
  if (build !== undefined) return [...faults, ...faultsBy(BUILD_FIELD, build)];
  const { stage: of } = stage as { readonly stage: Parameters<typeof evidenceType>[0] };
  return [...faults, ...faultsBy(evidenceType(of), stage)];
}

/** What is wrong with a value by one schema. @throws when there is none with that `$id` */
export function faultsBy(id: string, value: unknown): readonly string[] {
  const validate = ajv.getSchema(id);
  if (validate === undefined) throw new Error(`no schema is published for ${id}`);
  return validate(value) === true ? [] : (validate.errors ?? []).map((error: ErrorObject) => told(id, error));
}

function told(id: string, { instancePath, message = '' }: ErrorObject): string {
  return `${id}: ${instancePath || '/'} ${message}`;
}

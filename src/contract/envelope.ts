import { SlipwayError } from './failure.ts';

/** in-toto attestation framework, Statement v1: what is said (`predicate`), and about which bytes (`subject`). */
export interface Statement<P = unknown> {
  readonly _type: typeof STATEMENT_TYPE;
  readonly subject: readonly Subject[];
  /** URI of what kind of thing the predicate says. */
  readonly predicateType: string;
  readonly predicate: P;
}

/** in-toto ResourceDescriptor, as much of it as Slipway uses. `sha256` is hex, without the algorithm. */
export interface Subject {
  readonly name: string;
  readonly digest: { readonly sha256: string };
}

/** DSSE envelope: a payload and who signed it. Slipway signs nothing yet: `signatures` is empty. */
export interface Envelope {
  readonly payloadType: typeof PAYLOAD_TYPE;
  /** Base64 of the statement's JSON. */
  readonly payload: string;
  readonly signatures: readonly [];
}

export const STATEMENT_TYPE = 'https://in-toto.io/Statement/v1';
export const PAYLOAD_TYPE = 'application/vnd.in-toto+json';

/**
 * The exact bytes of an envelope around `statement`; their digest is its name. Keys stand in the order that the
 * statement gives them, so the same statement is the same bytes.
 */
export function encodeEnvelope(statement: Statement): Uint8Array {
  const payload = Buffer.from(JSON.stringify(statement)).toString('base64');
  const envelope: Envelope = { payloadType: PAYLOAD_TYPE, payload, signatures: [] };
  return Buffer.from(JSON.stringify(envelope));
}

/**
 * Reads an envelope that {@link encodeEnvelope} wrote, and nothing else: it is written out again and compared, because
 * white space, duplicate keys and lenient base64 would let two readers see two things in one envelope.
 * @param name what the message calls it, such as its digest
 * @throws ARTIFACT_CORRUPT
 */
export function decodeEnvelope(bytes: Uint8Array, name = 'envelope'): Statement {
  const envelope = parse(bytes, name) as Partial<Envelope> | null;
  if (envelope?.payloadType !== PAYLOAD_TYPE) throw corrupt(name, `its payloadType is not ${PAYLOAD_TYPE}`);
  if (!Array.isArray(envelope.signatures)) throw corrupt(name, 'it has no list of signatures');
  if (envelope.signatures.length > 0) throw corrupt(name, 'it is signed, and this version can check no signature');
  if (typeof envelope.payload !== 'string') throw corrupt(name, 'it has no payload');

  const statement = parse(Buffer.from(envelope.payload, 'base64'), name);
  if (!isStatement(statement)) throw corrupt(name, `its payload is no ${STATEMENT_TYPE}`);
  if (!Buffer.from(encodeEnvelope(statement)).equals(bytes)) {
    throw corrupt(name, 'written out again it has other bytes (white space, keys given twice, lenient base64)');
  }
  return statement;
}

function isStatement(value: unknown): value is Statement {
  const found = value as Partial<Statement> | null;
  return (
    typeof found === 'object' &&
    found?._type === STATEMENT_TYPE &&
    typeof found.predicateType === 'string' &&
    found.predicate !== undefined &&
    Array.isArray(found.subject) &&
    found.subject.every(isSubject)
  );
}

function isSubject(value: unknown): value is Subject {
  const found = value as Partial<Subject> | null;
  const sha256 = found?.digest?.sha256;
  return typeof found?.name === 'string' && typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256);
}

function parse(bytes: Uint8Array, name: string): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (cause) {
    throw corrupt(name, 'it is not JSON', cause);
  }
}

function corrupt(name: string, found: string, cause?: unknown): SlipwayError {
  const expected = 'expected exactly the envelope that Slipway sealed';
  const remedy = 'restore it from a copy of the store';
  return new SlipwayError('ARTIFACT_CORRUPT', `${name} cannot be trusted: ${found}; ${expected}: ${remedy}`, { cause });
}

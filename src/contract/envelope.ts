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

/** One signature of a DSSE envelope (v1.0.2), by an Ed25519 key. */
export interface Signature {
  /** Hex SHA-256 of the public key, as SubjectPublicKeyInfo in DER. */
  readonly keyid: string;
  /** Base64 of the signature over the pre-authentication encoding. */
  readonly sig: string;
}

/** DSSE envelope: a payload and who signed it; nobody, in envelopes of versions that did not sign. */
export interface Envelope {
  readonly payloadType: typeof PAYLOAD_TYPE;
  /** Base64 of the statement's JSON. */
  readonly payload: string;
  readonly signatures: readonly Signature[];
}

/** An envelope as it was read: what it states, the bytes that were signed, and by whom. */
export interface Opened {
  readonly statement: Statement;
  readonly payload: Uint8Array;
  readonly signatures: readonly Signature[];
}

export const STATEMENT_TYPE = 'https://in-toto.io/Statement/v1';
export const PAYLOAD_TYPE = 'application/vnd.in-toto+json';

/** The bytes of a statement that are signed, and stand in its envelope. */
export function payloadOf(statement: Statement): Uint8Array {
  return Buffer.from(JSON.stringify(statement));
}

/**
 * The exact bytes of an envelope around `statement`; their digest is its name. Keys stand in the order that the
 * statement gives them, so the same statement, signed by the same keys, is the same bytes.
 */
export function encodeEnvelope(statement: Statement, signatures: readonly Signature[] = []): Uint8Array {
  const payload = Buffer.from(payloadOf(statement)).toString('base64');
  const signed = signatures.map(({ keyid, sig }) => ({ keyid, sig }));
  const envelope: Envelope = { payloadType: PAYLOAD_TYPE, payload, signatures: signed };
  return Buffer.from(JSON.stringify(envelope));
}

/**
 * Reads an envelope that {@link encodeEnvelope} wrote, and nothing else: it is written out again and compared, because
 * white space, duplicate keys and lenient base64 would let two readers see two things in one envelope.
 * @param name what the message calls it, such as its digest
 * @throws ARTIFACT_CORRUPT
 */
export function decodeEnvelope(bytes: Uint8Array, name = 'envelope'): Opened {
  const envelope = parse(bytes, name) as Partial<Envelope> | null;
  if (envelope?.payloadType !== PAYLOAD_TYPE) throw corrupt(name, `its payloadType is not ${PAYLOAD_TYPE}`);
  const { signatures } = envelope;
  if (!Array.isArray(signatures)) throw corrupt(name, 'it has no list of signatures');
  if (!signatures.every(isSignature))
    throw corrupt(name, 'a signature of it is not { keyid, sig } with 64 bytes in base64');
  if (typeof envelope.payload !== 'string') throw corrupt(name, 'it has no payload');

  const payload = Buffer.from(envelope.payload, 'base64');
  const statement = parse(payload, name);
  if (!isStatement(statement)) throw corrupt(name, `its payload is no ${STATEMENT_TYPE}`);
  if (!Buffer.from(encodeEnvelope(statement, signatures)).equals(bytes)) {
    throw corrupt(name, 'written out again it has other bytes (white space, keys given twice, lenient base64)');
  }
  return { statement, payload, signatures };
}

function isSignature(value: unknown): value is Signature {
  const found = value as Partial<Signature> | null;
  if (typeof found?.keyid !== 'string' || !/^[0-9a-f]{64}$/.test(found.keyid)) return false;
  if (typeof found.sig !== 'string') return false;
  const bytes = Buffer.from(found.sig, 'base64');
  return bytes.byteLength === 64 && bytes.toString('base64') === found.sig;
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

/**
 * What the specifications ask of in-toto statements, as JSON Schema (draft-07): they publish none themselves. Every rule
 * is a required field, a MUST, or a SHOULD that Slipway follows, of
 * - in-toto attestation framework v1: statement.md, resource_descriptor.md, digest_set.md, field_types.md;
 * - slsa.dev/spec/v1.1/provenance and slsa.dev/spec/v1.1/verification_summary.
 */

/** Scheme and rest by the characters of RFC 3986; scheme and authority in lower case (field_types.md). */
const URI = { type: 'string', pattern: "^[a-z][a-z0-9+.-]*:(//[a-z0-9.:-]+(/|$))?[A-Za-z0-9:/?@!$&'()*+,;=._~%-]*$" };

/** RFC 3339, in UTC (field_types.md). */
const TIMESTAMP = { type: 'string', format: 'date-time', pattern: 'Z$' };

const hex = (length: number) => ({ type: 'string', pattern: `^[0-9a-f]{${length}}$` });

const DIGEST_SET = {
  type: 'object',
  minProperties: 1,
  properties: { sha256: hex(64), gitCommit: { anyOf: [hex(40), hex(64)] } },
  additionalProperties: false,
};

const NAME = { type: 'string', minLength: 1 };

/** "A ResourceDescriptor MUST specify one of `uri`, `digest` or `content` at a minimum." */
const DESCRIPTOR = {
  type: 'object',
  properties: {
    name: NAME,
    uri: URI,
    digest: DIGEST_SET,
    mediaType: { type: 'string', pattern: '^[a-z]+/[a-z0-9.+-]+$' },
    // "Producers SHOULD follow the same naming conventions for annotation fields as for extension fields."
    annotations: { type: 'object', propertyNames: { pattern: '^slipway_[a-z]+$' } },
  },
  additionalProperties: false,
  anyOf: [{ required: ['uri'] }, { required: ['digest'] }],
};

const DESCRIPTORS = { type: 'array', items: DESCRIPTOR };

/** in-toto Statement v1: "Each element [of subject] MUST have `digest` set." */
export const STATEMENT = {
  type: 'object',
  required: ['_type', 'subject', 'predicateType', 'predicate'],
  properties: {
    _type: { const: 'https://in-toto.io/Statement/v1' },
    subject: { type: 'array', items: { ...DESCRIPTOR, required: ['digest'] } },
    predicateType: URI,
    predicate: { type: 'object' },
  },
  additionalProperties: false,
};

/** `<vendor>_<field>`; names of the specification have no underscore. */
const EXTENSION = { '^slipway_[a-z]+$': { type: 'object' } };

/** SLSA v1.1 provenance. */
export const PROVENANCE = {
  type: 'object',
  required: ['buildDefinition', 'runDetails'],
  properties: {
    buildDefinition: {
      type: 'object',
      required: ['buildType', 'externalParameters'],
      properties: {
        buildType: URI,
        externalParameters: { type: 'object', minProperties: 1, additionalProperties: { type: 'string' } },
        internalParameters: { type: 'object', additionalProperties: { type: 'string' } },
        resolvedDependencies: DESCRIPTORS,
      },
      additionalProperties: false,
    },
    runDetails: {
      type: 'object',
      required: ['builder'],
      properties: {
        builder: { type: 'object', required: ['id'], properties: { id: URI }, additionalProperties: false },
        metadata: {
          type: 'object',
          properties: { invocationId: NAME, startedOn: TIMESTAMP, finishedOn: TIMESTAMP },
          additionalProperties: false,
        },
        byproducts: DESCRIPTORS,
      },
      additionalProperties: false,
    },
  },
  patternProperties: EXTENSION,
  additionalProperties: false,
};

/** SLSA v1.1 verification summary. */
export const SUMMARY = {
  type: 'object',
  required: ['verifier', 'resourceUri', 'policy', 'verificationResult', 'verifiedLevels'],
  properties: {
    verifier: { type: 'object', required: ['id'], properties: { id: URI }, additionalProperties: false },
    timeVerified: TIMESTAMP,
    resourceUri: URI,
    // "The entry MUST contain a `uri` … and SHOULD contain a `digest`."
    policy: { ...DESCRIPTOR, required: ['uri', 'digest'] },
    // "Each entry MUST contain a `digest` of the attestation."
    inputAttestations: { type: 'array', items: { ...DESCRIPTOR, required: ['digest'] } },
    verificationResult: { enum: ['PASSED', 'FAILED'] },
    // "Users MUST NOT include more than one level per SLSA track."
    verifiedLevels: {
      type: 'array',
      minItems: 1,
      maxItems: 1,
      items: { type: 'string', pattern: '^(SLSA_BUILD_LEVEL_[0-3]|FAILED)$' },
    },
    slsaVersion: { const: '1.1' },
  },
  // "FAILED" is the level if, and only if, policy verification failed.
  oneOf: [
    { properties: { verificationResult: { const: 'FAILED' }, verifiedLevels: { const: ['FAILED'] } } },
    { properties: { verificationResult: { const: 'PASSED' }, verifiedLevels: { items: { pattern: '^SLSA_' } } } },
  ],
  patternProperties: EXTENSION,
  additionalProperties: false,
};

import { setTimeout as delay } from 'node:timers/promises';
import { isGrpcServiceError, type Connection } from '@temporalio/client';
// A default import: Node sees no named exports in this CommonJS package.
import proto from '@temporalio/proto';
import { SEARCH_ATTRIBUTES } from '../contract/search-attributes.ts';
import { SlipwayError } from '../contract/failure.ts';

const KEYWORD = proto.temporal.api.enums.v1.IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD;
/** gRPC status codes. */
const ALREADY_EXISTS = 6;
const UNIMPLEMENTED = 12;
const NAMES = Object.values(SEARCH_ATTRIBUTES).map(({ name }) => name);

/**
 * Registers Slipway's search attributes and waits until the server lists them: a workflow that uses one that is not
 * registered fails its task for ever, so this comes before anything runs. Registering again does nothing.
 * @param within milliseconds until the server has to list them.
 * @throws TEMPORAL_UNAVAILABLE when it does not or does not let us, or when a name is taken by another type.
 */
export async function registerSearchAttributes(
  connection: Connection,
  namespace: string,
  within = 10_000,
): Promise<void> {
  const deadline = Date.now() + within;
  let missing = await missingSearchAttributes(connection, namespace);
  if (missing?.length === 0) return;
  await add(connection, namespace, missing ?? NAMES);
  while ((missing = await missingSearchAttributes(connection, namespace))?.length) {
    if (Date.now() >= deadline) throw notListed(namespace, missing, within);
    await delay(50);
  }
}

/**
 * Names of Slipway's search attributes that the namespace does not list; null when the server cannot list any, as the
 * one that skips time cannot.
 * @throws TEMPORAL_UNAVAILABLE when the server does not let us look, or when a name is taken by another type.
 */
export async function missingSearchAttributes(
  connection: Connection,
  namespace: string,
): Promise<readonly string[] | null> {
  const listed = await list(connection, namespace);
  if (listed === null) return null;
  return NAMES.filter((name) => {
    const type = listed[name];
    if (type !== undefined && type !== KEYWORD) throw takenByAnotherType(namespace, name);
    return type === undefined;
  });
}

async function list(connection: Connection, namespace: string): Promise<Record<string, number> | null> {
  try {
    return (await connection.operatorService.listSearchAttributes({ namespace })).customAttributes ?? {};
  } catch (error) {
    if (isGrpcServiceError(error) && error.code === UNIMPLEMENTED) return null;
    throw notAllowed(namespace, error);
  }
}

async function add(connection: Connection, namespace: string, names: readonly string[]): Promise<void> {
  const searchAttributes = Object.fromEntries(names.map((name) => [name, KEYWORD]));
  try {
    await connection.operatorService.addSearchAttributes({ namespace, searchAttributes });
  } catch (error) {
    // Somebody else registered them in the meantime; whether all are there is what the caller waits for.
    if (!isGrpcServiceError(error) || error.code !== ALREADY_EXISTS) throw notAllowed(namespace, error);
  }
}

function notListed(namespace: string, missing: readonly string[], within: number): SlipwayError {
  return new SlipwayError(
    'TEMPORAL_UNAVAILABLE',
    `Namespace ${namespace} does not list ${missing.join(', ')} ${within} ms after they were registered. ` +
      'Look at the log of the server, then run "slipway doctor".',
  );
}

/** A server of somebody else's need not let us: then they have to do it. */
function notAllowed(namespace: string, cause: unknown): SlipwayError {
  return new SlipwayError(
    'TEMPORAL_UNAVAILABLE',
    `Search attributes of namespace ${namespace} cannot be listed or added (${(cause as Error).message}). ` +
      `Ask whoever runs the server to add these as Keyword: ${NAMES.join(', ')}.`,
    { cause },
  );
}

function takenByAnotherType(namespace: string, name: string): SlipwayError {
  return new SlipwayError(
    'TEMPORAL_UNAVAILABLE',
    `Search attribute ${name} of namespace ${namespace} is not a Keyword. ` +
      `Rename it (temporal operator search-attribute remove --name ${name}), or give Slipway a namespace of its own.`,
  );
}

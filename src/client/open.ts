import { Client } from '@temporalio/client';
import { connect } from '../temporal/connection.ts';
import { plainLocation, type TemporalLocation } from '../temporal/location.ts';
import { createSlipway, type Slipway } from './slipway.ts';

/** A client with a connection of its own: close it when done. */
export interface OpenSlipway extends Slipway {
  close(): Promise<void>;
}

/**
 * Connects to the Temporal server that Slipway's workers are on.
 * @param location its `host:port`, and where they are needed its namespace and credentials.
 * @throws TEMPORAL_UNAVAILABLE within five seconds
 */
export async function openSlipway({
  address,
  ...more
}: Pick<TemporalLocation, 'address'> & Partial<TemporalLocation>): Promise<OpenSlipway> {
  const location = { ...plainLocation(address), ...more };
  const connection = await connect(location);
  const client = new Client({ connection, namespace: location.namespace });
  return { ...createSlipway(client), close: () => connection.close() };
}

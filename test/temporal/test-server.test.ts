import { Client, type Connection } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { expect, test } from 'vitest';
import { SEARCH_ATTRIBUTES } from '../../src/contract/search-attributes.ts';
import { findTestServer } from '../../src/temporal/find-server.ts';
import { registerSearchAttributes } from '../../src/temporal/search-attributes.ts';

test('the server that skips time takes the search attributes once they are registered, and twice', async () => {
  const { path } = await findTestServer({ env: process.env });
  const environment = await TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: 'existing-path', path } },
  });
  try {
    const connection = environment.connection as Connection;
    await registerSearchAttributes(connection, 'default');
    await registerSearchAttributes(connection, 'default');
    const handle = await new Client({ connection }).workflow.start('nobody', {
      taskQueue: 'nobody',
      workflowId: 'w',
      typedSearchAttributes: [{ key: SEARCH_ATTRIBUTES.target, value: 'staging/storefront' }],
    });
    const { typedSearchAttributes } = await handle.describe();
    expect(typedSearchAttributes.get(SEARCH_ATTRIBUTES.target)).toBe('staging/storefront');
  } finally {
    await environment.teardown();
  }
}, 60_000);

#!/usr/bin/env node
// Bundles the compiled workflows once, so that no worker does it again.
const { bundleWorkflows } = await import('../dist/src/temporal/bundle.js');
await bundleWorkflows();

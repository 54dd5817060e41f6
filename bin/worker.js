#!/usr/bin/env node
// One worker alone: npm run worker -- orchestrator|builder|deployer [--config FILE] [--environment ENV]
const [role] = process.argv.splice(2, 1);
const roles = ['orchestrator', 'builder', 'deployer'];
if (roles.includes(role)) await import(`../dist/workers/${role}.js`);
else {
  console.error(`expected one of ${roles.join(', ')}; found ${role ?? 'nothing'}`);
  process.exitCode = 2;
}

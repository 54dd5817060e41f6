/** The least that a `slipway.yaml` says; tests change one thing of it. */
export const MANIFEST = `apiVersion: slipway/v1
component: storefront
kind: storefront
build: { command: [node, build.mjs], output: dist }
run: { command: [node, server.mjs] }
health: { path: /healthz }
smoke:
  - { name: home page, path: / }
`;

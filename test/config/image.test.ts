import { describe, expect, test } from 'vitest';
import { parseBaseReference } from '../../src/config/base-reference.ts';
import { type Manifest, manifestSchema, sealedManifest } from '../../src/config/manifest.ts';
import { readYaml } from '../../src/config/read.ts';
import { MANIFEST } from './written.ts';

const DIGEST = `sha256:${'a1'.repeat(32)}`;

const read = (text: string): Manifest =>
  readYaml(manifestSchema, Buffer.from(text), 'slipway.yaml', 'MANIFEST_INVALID');
const withBase = (base: string): string => MANIFEST.replace('output: dist', `output: dist, base: "${base}"`);
const withImage = (keys: string): string => `${MANIFEST}image: { ${keys} }\n`;

/** What is said of a manifest that is refused. */
function refusal(text: string): string {
  try {
    read(text);
  } catch (error) {
    return String(error).replace('SlipwayError: ', '');
  }
  throw new Error('it was accepted');
}

describe('build.base', () => {
  test.each([
    [`registry.example/team/node@${DIGEST}`, { kind: 'registry', host: 'registry.example', repository: 'team/node' }],
    [`docker.io/library/node:22-slim@${DIGEST}`, { kind: 'registry', host: 'docker.io', tag: '22-slim' }],
    [`localhost:5000/node@${DIGEST}`, { kind: 'registry', host: 'localhost:5000', repository: 'node', tag: null }],
    [`localhost/a_b/c--d@${DIGEST}`, { kind: 'registry', host: 'localhost', repository: 'a_b/c--d' }],
    [`Registry.Example:443/x@${DIGEST}`, { kind: 'registry', host: 'Registry.Example:443', repository: 'x' }],
    [`[::1]:5000/x@${DIGEST}`, { kind: 'registry', host: '[::1]:5000', repository: 'x' }],
    [`node:5000/x@${DIGEST}`, { kind: 'registry', host: 'node:5000', repository: 'x' }],
    [`oci:bases/node@${DIGEST}`, { kind: 'layout', path: 'bases/node' }],
    [`oci:./bases/no@de@${DIGEST}`, { kind: 'layout', path: './bases/no@de' }],
  ])('%s is taken, as it is written', (base, parsed) => {
    expect(read(withBase(base)).build.base).toBe(base);
    const name = base.slice(0, -DIGEST.length - 1);
    expect(parseBaseReference(base)).toMatchObject({ ...parsed, name, digest: DIGEST });
  });

  const FORM = 'host/repository@sha256:… or oci:<path of a layout>@sha256:…, pinned by 64 lower-case hex digits';
  test.each([
    [
      'docker.io/library/node:22',
      `"docker.io/library/node:22", without a digest, expected ${FORM}; pin it: \`skopeo inspect --format '{{.Digest}}' docker://docker.io/library/node:22\` says the digest that it has now`,
    ],
    [
      'oci:bases/node',
      `"oci:bases/node", without a digest, expected ${FORM}; add @ and the digest of the manifest, as its index.json has it`,
    ],
    [
      `docker.io/library/node@${DIGEST.toUpperCase()}`,
      `the digest "${DIGEST.toUpperCase()}", expected ${FORM}; pin it: \`skopeo inspect --format '{{.Digest}}' docker://docker.io/library/node\` says the digest that it has now`,
    ],
    [
      `node@${DIGEST}`,
      `"node", expected ${FORM}, with the host of a registry; name the registry too, as in "docker.io/library/node"`,
    ],
    [`registry.example/Node@${DIGEST}`, `"registry.example/Node", expected ${FORM}; correct its repository or its tag`],
    [
      `registry.example/a:b:c@${DIGEST}`,
      `"registry.example/a:b:c", expected ${FORM}; correct its repository or its tag`,
    ],
    [`registry.example/../x@${DIGEST}`, `"registry.example/../x", expected ${FORM}; correct its repository or its tag`],
    [
      `oci:/etc@${DIGEST}`,
      `"oci:/etc", expected a path that is relative to the platform's folder and stays in it; put the layout there, or name a registry`,
    ],
    [
      `oci:a/../../b@${DIGEST}`,
      `"oci:a/../../b", expected a path that is relative to the platform's folder and stays in it; put the layout there, or name a registry`,
    ],
  ])('%s is refused', (base, said) => {
    expect(refusal(withBase(base))).toBe(`slipway.yaml:4:58  build.base: found ${said}`);
  });
});

describe('a registry cannot be', () => {
  test.each([
    'a..b',
    '.a',
    'a.',
    '-a.b',
    'a-.b',
    'a_b.c',
    `${'a'.repeat(64)}.b`,
    '::1',
    '[::1',
    '[::x]',
    '[:::]:5000',
    'a.b:',
    'a.b:65536',
    'a.b:1:2',
    '1.2.3.256',
    'https://a.b',
    'me:secret@a.b',
    'node',
    'LOCALHOST',
  ])('%s', (host) => {
    expect(parseBaseReference(`${host}/x@${DIGEST}`)).toHaveProperty('found');
  });
});

describe('image', () => {
  test('is nobody, and no label, for a component that says nothing; it is not sealed with the manifest', () => {
    const manifest = read(MANIFEST);
    expect(manifest.image).toEqual({ user: '65532:65532', labels: {} });
    expect(sealedManifest(manifest)).not.toHaveProperty('image');
  });

  test.each([
    ['1000', '1000:1000'],
    ['1000:1001', '1000:1001'],
    ['"2147483647"', '2147483647:2147483647'],
  ])('the user %s is %s', (given, user) => expect(read(withImage(`user: ${given}`)).image.user).toBe(user));

  const USER = 'expected uid or uid:gid, in numbers from 1 to 2147483647';
  test.each([
    ['user: 0', `found 0, ${USER}; choose another: no component runs as root`],
    ['user: root', `found "root", ${USER}; choose another: no component runs as root`],
    ['user: "00:5"', `found "00:5", ${USER}; choose another: no component runs as root`],
    ['user: "1000:0"', `found "1000:0", ${USER}; choose another: no component runs as root`],
    ['user: node', `found "node", ${USER}; write the numbers: an image need not know names`],
    ['user: -5', `found -5, ${USER}; write the numbers: an image need not know names`],
    ['user: 2147483648', `found 2147483648, ${USER}; choose a smaller one`],
    ['user: [1]', 'found a list, expected a user, uid or uid:gid; correct it'],
  ])('%s is refused', (keys, said) => {
    expect(refusal(withImage(keys))).toBe(`slipway.yaml:9:16  image.user: ${said}`);
  });

  test.each([
    ['port: 0', '9:16  image.port: found 0, expected at least 1; correct it'],
    ['port: 65536', '9:16  image.port: found 65536, expected at most 65535; correct it'],
    [
      'labels: { org.opencontainers.image.title: "a\\nb" }',
      '9:52  image.labels."org.opencontainers.image.title": found "a\\nb", expected one line of text; correct it',
    ],
  ])('%s is refused', (keys, said) => expect(refusal(withImage(keys))).toBe(`slipway.yaml:${said}`));

  test('of an agent has no port', () => {
    const agent = withImage('port: 80')
      .replace('kind: storefront', 'kind: agent')
      .replace('{ path: /healthz }', '{ heartbeat: 5s }')
      .replace('path: /', 'command: [node, smoke.mjs]');
    expect(refusal(agent)).toBe(
      'slipway.yaml:9:16  image.port: found 80, expected none, for an agent has no address; remove it',
    );
  });

  test.each(['revision', 'source', 'created', 'version', 'base.name', 'base.digest', 'ref.name'])(
    'cannot say org.opencontainers.image.%s, which is not for a component to say',
    (label) => {
      expect(refusal(withImage(`labels: { org.opencontainers.image.${label}: x }`))).toMatch(
        /^slipway\.yaml:9:20 {2}image\.labels\."org[\w.]+": found an unknown key, expected one of org\.opencontainers\.image\.title, /,
      );
    },
  );

  test('takes what a component says of itself', () => {
    const labels = ['title', 'description', 'licenses', 'vendor', 'url', 'documentation', 'authors'].map(
      (label) => [`org.opencontainers.image.${label}`, `the ${label}`] as const,
    );
    const text = withImage(`labels: { ${labels.map(([label, value]) => `${label}: ${value}`).join(', ')} }`);
    expect(read(text).image.labels).toEqual(Object.fromEntries(labels));
  });
});

import { describe, expect, it } from 'vitest';
import { originOf, repositoryOf } from '../../src/registry/address.ts';

describe('a registry that is named by its host', () => {
  it.each([
    ['registry.example', 'https://registry.example'],
    ['Registry.Example:5000', 'https://registry.example:5000'],
    ['localhost:5000', 'http://localhost:5000'],
    ['[::1]:5000', 'http://[::1]:5000'],
    ['127.0.0.2:80', 'http://127.0.0.2'],
    ['127.evil.example', 'https://127.evil.example'],
    ['docker.io', 'https://registry-1.docker.io'],
  ])('%s is asked at %s', (host, origin) => expect(originOf(host)).toBe(origin));

  it.each([
    ['docker.io', 'node', 'library/node'],
    ['docker.io', 'team/node', 'team/node'],
    ['registry.example', 'node', 'node'],
  ])('%s/%s is %s there', (host, repository, there) => expect(repositoryOf(host, repository)).toBe(there));
});

import { z } from 'zod';
import { isLoopback, parseRegistryAddress } from '../registry/address.ts';
import { shownAddress } from './http-address.ts';
import { secretReference } from './secret.ts';
import { path } from './words.ts';

const onDisk = z.strictObject({
  /** A folder, with one OCI image layout a component in it. */
  path,
});

const registry = z
  .string()
  .max(2000)
  .check((context) => {
    if (parseRegistryAddress(context.value) !== null) return;
    const message = 'http(s)://host[:port]/prefix, without credentials, query or fragment, in small letters';
    const params = { found: shownAddress(context.value), todo: 'correct it' };
    context.issues.push({ code: 'custom', input: context.value, message, params });
  });

const inRegistry = z
  .strictObject({
    /** One repository a component, beneath this address. */
    registry,
    /** Both or neither; nobody is asked to let us in without. */
    username: secretReference.optional(),
    password: secretReference.optional(),
    /** Sent as a bearer token, in place of the two. */
    token: secretReference.optional(),
    /** PEM certificates that are believed in place of the system's, relative to the platform file. */
    ca: z.strictObject({ file: path }).optional(),
  })
  .check((context) => {
    const { registry: address, username, password, token } = context.value;
    const refuse = (key: string, message: string, todo: string): void => {
      context.issues.push({ code: 'custom', path: [key], input: null, message, params: { found: 'one', todo } });
    };
    if (username !== undefined && password === undefined) refuse('username', 'a password with it', 'add `password`');
    if (password !== undefined && username === undefined) refuse('password', 'a username with it', 'add `username`');
    if (token !== undefined && username !== undefined) refuse('token', 'a token or a username', 'remove one of them');
    const secret = (['password', 'token'] as const).find((key) => context.value[key] !== undefined);
    const open = URL.canParse(address) && address.startsWith('http:') && !isLoopback(new URL(address));
    if (secret !== undefined && open) {
      refuse(secret, 'none, for http would show it to whoever listens', 'make the address https');
    }
  });

/** Where artifacts, evidence and records are kept: on disk, or in a registry. */
export const storeSchema = z.union([onDisk, inRegistry]);

export type RegistryConfig = z.output<typeof inRegistry>;

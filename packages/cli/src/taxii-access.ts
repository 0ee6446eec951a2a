import { dirname, resolve } from 'node:path';
import type { Transport } from '@phalanx/coalition/taxii';
import { fromUtf8, PhalanxError } from '@phalanx/core';
import { z } from 'zod';
import type { CliErrorCode } from './cli-error.js';
import { readCoalitionIdentity } from './coalition-identity.js';
import { readBytes } from './commands/ledger.js';
import type { Terminal } from './terminal.js';

/** How servers are reached, by their origins. Paths are relative to the file. */
const accessSchema = z.record(
  z.string(),
  z.strictObject({
    user: z.string().min(1).optional(),
    password: z.string().min(1).optional(),
    /** File of `phalanx coalition identity new`: each request is signed. */
    identity: z.string().min(1).optional(),
    /** PEM files for mutual TLS. */
    certificate: z.string().min(1).optional(),
    certificate_key: z.string().min(1).optional(),
    /** PEM file with the certificates that alone certify the server. */
    ca: z.string().min(1).optional(),
    /** Addresses that are not public, and HTTP without TLS. */
    inside: z.boolean().optional(),
  }),
);

type Access = z.infer<typeof accessSchema>[string];

/** A collection of a server, and a client that may ask for it. */
export interface TaxiiAccess {
  readonly client: import('@phalanx/coalition/taxii').TaxiiClient;
  readonly collection: URL;
}

/**
 * A client for the collection at an address, as the access file says: with a name and password, signed requests, or a certificate. Without an
 * entry nobody in particular asks.
 *
 * @param path null: no file
 * @throws PhalanxError `CLI_USAGE` for an address that is none; `CLI_FILE`; `LEDGER_KEY_FILE` for an access file with secrets that others may
 *   read; what `readCoalitionIdentity` throws
 */
export async function openTaxii(
  address: string,
  path: string | null,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<TaxiiAccess> {
  const { makeHttpTransport, TaxiiClient } = await import('@phalanx/coalition/taxii');
  const collection = readAddress(address);
  const access = path === null ? {} : await readAccess(path, collection.origin);
  const at = (file: string) => resolve(dirname(path ?? '.'), file);
  const pem = (file: string | undefined) => (file === undefined ? null : fromUtf8(readBytes(at(file))));
  const [ca, cert, key] = [pem(access.ca), pem(access.certificate), pem(access.certificate_key)];
  const transport: Transport = makeHttpTransport({
    inside: access.inside ?? false,
    ...(ca !== null && { ca }),
    ...(cert !== null && key !== null && { identity: { cert, key } }),
  });
  const authorize = await chooseAuthorizer(access, at, terminal);
  const connection = { transport, signal, ...(authorize !== null && { authorize }) };
  return { client: new TaxiiClient(collection, connection), collection };
}

function readAddress(address: string): URL {
  const url = URL.canParse(address) ? new URL(address) : null;
  // A password in an address would end in histories and logs.
  const isPlain = url !== null && url.username === '' && url.password === '' && url.search === '';
  if (isPlain && /^https?:$/.test(url.protocol) && /\/collections\/[^/]+\/?$/.test(url.pathname)) return url;
  throw new PhalanxError<CliErrorCode>('CLI_USAGE', 'no address of a collection', {
    advice: 'As https://hub.example/labs/collections/<id>/.',
  });
}

async function readAccess(path: string, origin: string): Promise<Access> {
  const { readOwnFile } = await import('@phalanx/ledger');
  let json: unknown;
  try {
    json = JSON.parse(fromUtf8(await readOwnFile(path)));
  } catch (cause) {
    if (PhalanxError.is(cause)) throw cause;
    // Without the cause, which may quote what is secret.
    throw new PhalanxError<CliErrorCode>('CLI_FILE', `${path} cannot be read as JSON`);
  }
  const read = accessSchema.safeParse(json);
  if (!read.success) {
    const at = read.error.issues[0]!.path.join('.');
    throw new PhalanxError<CliErrorCode>('CLI_FILE', `${path} is no access file, at ${at || 'its top'}`, {
      advice: 'See phalanx coalition pull in the README of the command.',
    });
  }
  return read.data[origin] ?? {};
}

async function chooseAuthorizer(
  { user, password, identity }: Access,
  at: (file: string) => string,
  terminal: Terminal,
) {
  const { authorizeByPassword, authorizeBySignature, toClientKey } = await import(
    '@phalanx/coalition/identity'
  );
  if (identity !== undefined) {
    const { clientKey } = await readCoalitionIdentity(at(identity), terminal);
    return authorizeBySignature(await toClientKey(clientKey));
  }
  return user === undefined || password === undefined ? null : authorizeByPassword(user, password);
}

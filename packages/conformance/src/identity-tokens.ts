import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  authorizeBySignature,
  authorizeByToken,
  CLIENT_ASSERTION_TYPE,
  type ClientKey,
  generateClientKey,
  makeClientAssertion,
} from '@phalanx/coalition/identity';
import { systemClock } from '@phalanx/core';
import * as dpop from 'dpop';
import * as oauth from 'oauth4webapi';
import type { Checks } from './checks.js';
import { IdentityHub } from './identity-hub.js';

/** Clients of others at our token endpoint, and our client at a server of others. */
export async function checkTokens(checks: Checks): Promise<void> {
  const hub = await IdentityHub.open(['access-token', 'signature']);
  try {
    for (const kind of ['ed25519', 'p256'] as const) {
      const key = await generateClientKey(kind);
      await hub.admit(`lab-${kind}`, key);
      await checkOauth4webapi(checks, hub, `lab-${kind}`, key);
      await checkDpopLibrary(checks, hub, `lab-${kind}`, key);
      await checkOwnClients(checks, hub, `lab-${kind}`, key);
    }
  } finally {
    await hub.close();
  }
  await checkOidcProvider(checks);
}

const insecure = { [oauth.allowInsecureRequests]: true };

async function checkOauth4webapi(
  checks: Checks,
  hub: IdentityHub,
  clientId: string,
  key: ClientKey,
): Promise<void> {
  const issuer = new URL(hub.issuer);
  const discovered = await oauth.discoveryRequest(issuer, { ...insecure, algorithm: 'oauth2' });
  const server = await oauth.processDiscoveryResponse(issuer, discovered);
  checks.equal('oauth4webapi reads our metadata', `${server.token_endpoint}`, `${hub.issuer}/oauth2/token`);
  const algorithm =
    key.publicJwk.kty === 'OKP' ? { name: 'Ed25519' } : { name: 'ECDSA', namedCurve: 'P-256' };
  const privateKey = await crypto.subtle.importKey(
    'jwk',
    key.privateKey.export({ format: 'jwk' }),
    algorithm,
    false,
    ['sign'],
  );
  const client = { client_id: clientId };
  const pair = await oauth.generateKeyPair(key.publicJwk.kty === 'OKP' ? 'Ed25519' : 'ES256');
  const handle = oauth.DPoP({}, pair);
  const ask = () =>
    oauth.clientCredentialsGrantRequest(
      server,
      client,
      oauth.PrivateKeyJwt({ key: privateKey, kid: key.kid }),
      {},
      { ...insecure, DPoP: handle },
    );
  const first = await oauth.processClientCredentialsResponse(server, client, await ask()).then(
    () => null,
    (error: unknown) => error,
  );
  checks.check('oauth4webapi is asked for a nonce and knows it', oauth.isDPoPNonceError(first));
  const granted = await oauth.processClientCredentialsResponse(server, client, await ask());
  checks.equal('oauth4webapi gets a bound token', `${granted.token_type} ${granted.expires_in}`, 'dpop 300');
  for (const method of ['GET', 'POST', 'DELETE']) {
    const answer = await oauth.protectedResourceRequest(
      granted.access_token,
      method,
      new URL('/api/collections/?limit=3', hub.issuer),
      undefined,
      method === 'POST' ? '{}' : undefined,
      { ...insecure, DPoP: handle },
    );
    const { member } = (await answer.json()) as { member?: string };
    checks.equal(`oauth4webapi is its member by ${method}`, `${member}`, clientId);
  }
  const stolen = oauth.DPoP({}, await oauth.generateKeyPair('ES256'));
  const refused = await oauth
    .protectedResourceRequest(
      granted.access_token,
      'GET',
      new URL('/api/', hub.issuer),
      undefined,
      undefined,
      { ...insecure, DPoP: stolen },
    )
    .then(
      (answer) => answer.status,
      (error: unknown) => (error instanceof oauth.WWWAuthenticateChallengeError ? error.status : -1),
    );
  checks.equal('a token with another key is refused', `${refused}`, '401');
}

async function checkDpopLibrary(
  checks: Checks,
  hub: IdentityHub,
  clientId: string,
  key: ClientKey,
): Promise<void> {
  const endpoint = `${hub.issuer}/oauth2/token`;
  for (const algorithm of ['ES256', 'Ed25519'] as const) {
    const pair = await dpop.generateKeyPair(algorithm);
    const ask = async (nonce?: string) =>
      fetch(endpoint, {
        method: 'POST',
        headers: { dpop: await dpop.generateProof(pair, endpoint, 'POST', nonce) },
        body: new URLSearchParams({
          grant_type: 'client_credentials',
          client_assertion_type: CLIENT_ASSERTION_TYPE,
          client_assertion: await makeClientAssertion(clientId, hub.issuer, key, systemClock),
        }),
      });
    const nonce = (await ask()).headers.get('dpop-nonce');
    const { access_token: token } = (await (await ask(nonce ?? undefined)).json()) as {
      access_token?: string;
    };
    checks.check(`dpop: a token by ${algorithm}`, typeof token === 'string');
    const url = `${hub.issuer}/api/`;
    const show = async (proof: string) =>
      (await fetch(`${url}?limit=1`, { headers: { authorization: `DPoP ${token}`, dpop: proof } })).status;
    const proof = await dpop.generateProof(pair, url, 'GET', undefined, token);
    checks.equal(`dpop: the token counts with a proof by ${algorithm}`, `${await show(proof)}`, '200');
    checks.equal('dpop: the same proof again does not', `${await show(proof)}`, '401');
    checks.equal(
      'dpop: a proof for another method does not',
      `${await show(await dpop.generateProof(pair, url, 'POST', undefined, token))}`,
      '401',
    );
    checks.equal(
      'dpop: a proof without the token does not',
      `${await show(await dpop.generateProof(pair, url, 'GET'))}`,
      '401',
    );
  }
}

async function checkOwnClients(
  checks: Checks,
  hub: IdentityHub,
  clientId: string,
  key: ClientKey,
): Promise<void> {
  const ways = {
    'access-token': authorizeByToken({
      tokenEndpoint: `${hub.issuer}/oauth2/token`,
      issuer: hub.issuer,
      clientId,
      key,
      dpopKey: await generateClientKey(),
    }),
    signature: authorizeBySignature(key),
  };
  for (const [method, authorize] of Object.entries(ways)) {
    for (const [verb, body] of [
      ['GET', null],
      ['POST', '{"a":1}'],
      ['POST', ''],
      ['DELETE', null],
    ] as const) {
      const request = new Request(`${hub.issuer}/api/a%20b/?match[type]=x&y=%2F`, { method: verb, body });
      const answer = (await (await fetch(await authorize(request))).json()) as Record<string, unknown>;
      const found = `${answer.member} ${answer.method} ${answer.body}`;
      checks.equal(`our client by ${method} and ${verb}`, found, `${clientId} ${method} ${body ?? ''}`);
    }
  }
}

/** What is used of oidc-provider, which has no types. */
interface OidcProvider {
  callback(): Parameters<typeof createServer>[1];
  on(event: string, listener: (...args: unknown[]) => void): void;
  readonly ClientCredentials: {
    find(token: string): Promise<{ clientId: string; jkt?: string; expiresIn?: number } | undefined>;
  };
}

async function checkOidcProvider(checks: Checks): Promise<void> {
  const name = 'oidc-provider';
  const { default: Provider } = (await import(name)) as {
    default: new (issuer: string, configuration: object) => OidcProvider;
  };
  const keys = { ed25519: await generateClientKey('ed25519'), p256: await generateClientKey('p256') };
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = new Provider(issuer, {
    clients: Object.entries(keys).map(([id, key]) => ({
      client_id: `lab-${id}`,
      token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_signing_alg: id === 'p256' ? 'ES256' : 'EdDSA',
      jwks: { keys: [{ ...key.publicJwk, kid: key.kid, use: 'sig' }] },
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
      dpop_bound_access_tokens: true,
    })),
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      dPoP: { enabled: true, nonceSecret: Buffer.alloc(32, 1), requireNonce: () => true },
    },
    clientAuthMethods: ['private_key_jwt'],
  });
  const errors: string[] = [];
  provider.on('grant.error', (_, error) =>
    errors.push(`${(error as { error_detail?: string }).error_detail ?? error}`),
  );
  server.on('request', provider.callback()!);
  try {
    for (const [id, key] of Object.entries(keys)) {
      const dpopKey = await generateClientKey(id === 'p256' ? 'ed25519' : 'p256');
      const authorize = authorizeByToken({
        tokenEndpoint: `${issuer}/token`,
        issuer,
        clientId: `lab-${id}`,
        key,
        dpopKey,
      });
      const authorized = await authorize(new Request('https://resource.example/x')).catch(() => null);
      const token = authorized?.headers.get('authorization')?.slice('DPoP '.length);
      checks.check(`oidc-provider gives lab-${id} a token`, token !== undefined, () => errors.join('; '));
      const known = token === undefined ? undefined : await provider.ClientCredentials.find(token);
      checks.equal(
        `oidc-provider has bound it to our key`,
        `${known?.clientId} ${known?.jkt}`,
        `lab-${id} ${dpopKey.kid}`,
      );
      const thief = authorizeByToken({
        tokenEndpoint: `${issuer}/token`,
        issuer,
        clientId: `lab-${id}`,
        key: dpopKey,
        dpopKey,
      });
      checks.check(
        'oidc-provider gives none for another key',
        (await thief(new Request('https://resource.example/x')).catch(() => null)) === null,
      );
    }
    checks.check(
      'oidc-provider asked for nonces',
      errors.some((error) => error.includes('nonce')),
      () => errors.join('; '),
    );
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

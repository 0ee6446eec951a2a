import { answerJson, type Connection, type Json, PhalanxError, readBody } from '@phalanx/core';
import { decodeJwt } from 'jose';
import { ACCESS_TOKEN_MS, type Confirmation, issueAccessToken } from './access-token.js';
import { CLIENT_ASSERTION_TYPE, checkClientAssertion } from './client-assertion.js';
import { joseAlgorithmOf } from './client-key.js';
import { deny } from './denial.js';
import { checkDpopProof } from './dpop.js';
import { isDpopNonce, makeDpopNonce } from './dpop-nonce.js';
import type { HubIdentity } from './hub-identity.js';
import { isActive } from './member-directory.js';
import { certificateThumbprint, findCertificateOwner } from './mutual-tls.js';

/** Where a hub answers. */
export const IDENTITY_PATHS = {
  token: '/oauth2/token',
  keys: '/oauth2/keys',
  metadata: '/.well-known/oauth-authorization-server',
} as const;

const MOST_BYTES = 16 * 1024;
const ALGORITHMS = ['EdDSA', 'Ed25519', 'ES256'];

/** Metadata of the authorization server (RFC 8414; RFC 8705 section 3.3; RFC 9449 section 5.1). */
export function answerMetadata({ issuer }: HubIdentity): Response {
  return answerJson(200, {
    issuer,
    token_endpoint: new URL(IDENTITY_PATHS.token, issuer).href,
    jwks_uri: new URL(IDENTITY_PATHS.keys, issuer).href,
    response_types_supported: [],
    grant_types_supported: ['client_credentials'],
    token_endpoint_auth_methods_supported: ['private_key_jwt', 'tls_client_auth'],
    token_endpoint_auth_signing_alg_values_supported: ALGORITHMS,
    dpop_signing_alg_values_supported: ALGORITHMS,
    tls_client_certificate_bound_access_tokens: true,
  });
}

/** Public keys of the hub as a JWK set (RFC 7517 section 5): for whoever reads its tokens and its certificates of pseudonyms. */
export function answerHubKeys({ keys }: HubIdentity): Response {
  return answerJson(200, {
    keys: keys.map(({ kid, publicJwk, privateKey }) => ({
      ...publicJwk,
      kid,
      use: 'sig',
      alg: joseAlgorithmOf(privateKey),
    })),
  });
}

/**
 * Answers a request for a token: client credentials (RFC 6749 section 4.4) by an assertion or a certificate. The token is bound to the key of
 * a DPoP proof, which must have a nonce of ours, or else to the certificate. There are no scopes: what a member may do, its rights say.
 *
 * @throws PhalanxError of the store when it fails
 */
export async function answerTokenRequest(
  request: Request,
  connection: Connection,
  hub: HubIdentity,
): Promise<Response> {
  const refused = (status: number, error: string, reason: string, headers = {}): Response => {
    hub.log({ reason: `${error}: ${reason}`, remoteAddress: connection.remoteAddress });
    return answerJson(status, { error }, { headers: { pragma: 'no-cache', ...headers } });
  };
  if (request.method !== 'POST') return refused(405, 'invalid_request', 'another method', { allow: 'POST' });
  try {
    const form = await readForm(request);
    if (form === null) return refused(400, 'invalid_request', 'no form with each parameter once');
    if (form.get('grant_type') !== 'client_credentials')
      return refused(400, 'unsupported_grant_type', 'another grant');
    if (form.has('scope')) return refused(400, 'invalid_scope', 'a scope');
    const proof = request.headers.get('dpop');
    const nonce = { 'dpop-nonce': makeDpopNonce(hub.dpopSecret, hub.clock.nowMs()) };
    if (proof !== null && !hasNonce(proof, hub))
      return refused(400, 'use_dpop_nonce', 'no nonce of ours', nonce);
    const client = await findClient(form, request, connection, hub).catch(rethrowUnlessDenied);
    if (client instanceof PhalanxError) return refused(401, 'invalid_client', client.message);
    const confirmation = await findConfirmation(proof, client.memberId, connection, hub).catch(
      rethrowUnlessDenied,
    );
    if (confirmation instanceof PhalanxError) {
      return refused(
        400,
        proof === null ? 'invalid_request' : 'invalid_dpop_proof',
        confirmation.message,
        nonce,
      );
    }
    const token = await issueAccessToken({ ...client, confirmation }, hub);
    const body: Json = {
      access_token: token,
      token_type: 'jkt' in confirmation ? 'DPoP' : 'Bearer',
      expires_in: ACCESS_TOKEN_MS / 1000,
    };
    return answerJson(200, body, { headers: { pragma: 'no-cache', ...(proof === null ? {} : nonce) } });
  } catch (error) {
    if (PhalanxError.is(error, 'COALITION_LIMIT')) return refused(400, 'invalid_request', error.message);
    throw error;
  }
}

/** Null for another type, too long a form, or a parameter that stands twice (RFC 6749 section 3.2). */
async function readForm(request: Request): Promise<URLSearchParams | null> {
  if (!/^application\/x-www-form-urlencoded(?:$|;)/i.test(request.headers.get('content-type') ?? ''))
    return null;
  const bytes = await readBody(request, MOST_BYTES);
  if (bytes === null) return null;
  // `URLSearchParams` takes anything for a form, and bytes that are not UTF-8 for their replacement character.
  const form = new URLSearchParams(new TextDecoder().decode(bytes));
  const names = [...form.keys()];
  return new Set(names).size === names.length ? form : null;
}

function hasNonce(proof: string, { dpopSecret, clock }: HubIdentity): boolean {
  try {
    const { nonce } = decodeJwt(proof);
    return typeof nonce === 'string' && isDpopNonce(nonce, dpopSecret, clock.nowMs());
  } catch {
    return false;
  }
}

/** Who asks, and by which key or certificate. */
async function findClient(form: URLSearchParams, request: Request, connection: Connection, hub: HubIdentity) {
  if (request.headers.has('authorization') || form.has('client_secret')) return deny('a client secret');
  const assertion = form.get('client_assertion');
  const clientId = form.get('client_id');
  if (assertion !== null) {
    if (form.get('client_assertion_type') !== CLIENT_ASSERTION_TYPE)
      return deny('an assertion of another type');
    const audiences = [hub.issuer, new URL(IDENTITY_PATHS.token, hub.issuer).href];
    const key = await checkClientAssertion(assertion, { ...hub, audiences });
    if (clientId !== null && clientId !== key.memberId) return deny('an assertion about somebody else');
    if (!isActive(await hub.members.findMember(key.memberId))) return deny('a member that may do nothing');
    return { memberId: key.memberId, credential: `key:${key.kid}` };
  }
  const shown = connection.clientCertificate;
  if (shown === null || clientId === null) return deny('nothing that says who asks');
  const owner = await findCertificateOwner(shown, hub.members, hub.clock.nowMs());
  if (owner.id !== clientId) return deny('a certificate of somebody else');
  return { memberId: owner.id, credential: `certificate:${certificateThumbprint(shown)}` };
}

async function findConfirmation(
  proof: string | null,
  memberId: string,
  { clientCertificate }: Connection,
  hub: HubIdentity,
): Promise<Confirmation> {
  if (proof !== null) {
    const use = { method: 'POST', url: new URL(IDENTITY_PATHS.token, hub.issuer).href, accessToken: null };
    return {
      jkt: (await checkDpopProof(proof, { ...use, nonces: hub.nonces, clock: hub.clock }, memberId)).jkt,
    };
  }
  if (clientCertificate === null) return deny('nothing that a token could be bound to');
  const owner = await findCertificateOwner(clientCertificate, hub.members, hub.clock.nowMs());
  if (owner.id !== memberId) return deny('a certificate of somebody else');
  return { 'x5t#S256': certificateThumbprint(clientCertificate) };
}

function rethrowUnlessDenied(error: unknown): PhalanxError {
  if (PhalanxError.is(error, 'COALITION_IDENTITY')) return error;
  throw error;
}

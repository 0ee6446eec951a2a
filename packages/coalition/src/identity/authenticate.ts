import { type Connection, PhalanxError } from '@phalanx/core';
import { checkAccessToken } from './access-token.js';
import type { PasswordGate } from './basic-password.js';
import { deny } from './denial.js';
import { checkDpopProof } from './dpop.js';
import { checkRequestSignature } from './http-signature.js';
import type { HubIdentity } from './hub-identity.js';
import type { AuthMethod, Caller, Member } from './member.js';
import { isActive, isValidAt } from './member-directory.js';
import { certificateThumbprint, findCertificateOwner } from './mutual-tls.js';

/** What a listener lets in. */
export interface Authentication extends HubIdentity {
  readonly methods: readonly AuthMethod[];
  /** Needed where `methods` has `basic`. */
  readonly passwords?: PasswordGate;
}

/**
 * Who stands behind a request, or null: for the answer 401 with `listChallenges`, which says nothing of why. The log learns it.
 *
 * What is shown decides the method: a token or password in `Authorization`, else a signature, else a certificate. Two of the first two are
 * refused, and a certificate beside them must be the same member's. A token that is bound to a key or certificate counts only with it, and
 * a method that the listener does not have counts nowhere, also if another would do.
 *
 * @throws PhalanxError of the store when it fails; for a stranger's input, never
 */
export async function authenticate(
  request: Request,
  connection: Connection,
  settings: Authentication,
): Promise<Caller | null> {
  try {
    const { method, member } = await findCaller(request, connection, settings);
    return { member, method, encrypted: connection.encrypted };
  } catch (error) {
    if (!PhalanxError.is(error, 'COALITION_IDENTITY') && !PhalanxError.is(error, 'COALITION_LIMIT'))
      throw error;
    settings.log({ reason: error.message, remoteAddress: connection.remoteAddress });
    return null;
  }
}

async function findCaller(
  request: Request,
  connection: Connection,
  settings: Authentication,
): Promise<{ method: AuthMethod; member: Member }> {
  const { headers } = request;
  const authorization = headers.get('authorization');
  const signed = headers.has('signature') || headers.has('signature-input');
  if (authorization !== null && signed) return deny('a signature beside another way to say who asks');
  const method = methodOf(authorization, signed, connection);
  if (!settings.methods.includes(method)) return deny(`a method that this listener does not have: ${method}`);
  if (headers.has('dpop') && method !== 'access-token') return deny('a DPoP proof without a token');
  const member = await findByMethod(method, request, connection, settings);
  if (connection.clientCertificate !== null && method !== 'mtls') {
    const owner = await findCertificateOwner(
      connection.clientCertificate,
      settings.members,
      settings.clock.nowMs(),
    );
    if (owner.id !== member.id) return deny('a certificate of somebody else');
  }
  return { method, member };
}

function methodOf(
  authorization: string | null,
  signed: boolean,
  { clientCertificate }: Connection,
): AuthMethod {
  if (authorization !== null) return /^basic /i.test(authorization) ? 'basic' : 'access-token';
  if (signed) return 'signature';
  return clientCertificate === null ? deny('nothing that says who asks') : 'mtls';
}

async function findByMethod(
  method: AuthMethod,
  request: Request,
  connection: Connection,
  settings: Authentication,
): Promise<Member> {
  const { members, clock, issuer, nonces } = settings;
  switch (method) {
    case 'mtls':
      return findCertificateOwner(connection.clientCertificate!, members, clock.nowMs());
    case 'signature': {
      const key = await checkRequestSignature(request, { origin: issuer, members, nonces, clock });
      return requireActive(await members.findMember(key.memberId));
    }
    case 'basic': {
      if (!connection.encrypted && !isLoopback(connection)) return deny('a password in the clear');
      if (settings.passwords === undefined) return deny('a listener without passwords');
      const credentials = request.headers.get('authorization')!.slice('Basic '.length);
      return settings.passwords.check(credentials, connection.remoteAddress);
    }
    case 'access-token':
      return findByToken(request, connection, settings);
  }
}

/** RFC 9449 section 7 and RFC 8705 section 3: the scheme must be that of the binding, so that a stolen token is no bearer token. */
async function findByToken(
  request: Request,
  connection: Connection,
  settings: Authentication,
): Promise<Member> {
  const { members, clock, nonces, issuer } = settings;
  const [scheme, jwt, ...rest] = request.headers.get('authorization')!.split(' ');
  if (jwt === undefined || rest.length > 0) return deny('a malformed authorization');
  const { memberId, credential, confirmation } = await checkAccessToken(jwt, settings);
  const member = requireActive(await members.findMember(memberId));
  await requireCredential(credential, memberId, settings);
  const proof = request.headers.get('dpop');
  if ('jkt' in confirmation) {
    if (scheme?.toLowerCase() !== 'dpop' || proof === null)
      return deny('a token without the key that it is bound to');
    const { pathname } = new URL(request.url);
    const url = new URL(issuer);
    url.pathname = pathname;
    const use = { method: request.method, url: url.href, accessToken: jwt };
    const { jkt } = await checkDpopProof(proof, { ...use, nonces, clock }, memberId);
    if (jkt !== confirmation.jkt) return deny('a token of another key');
    return member;
  }
  const shown = connection.clientCertificate;
  if (scheme?.toLowerCase() !== 'bearer' || proof !== null || shown === null) {
    return deny('a token without the certificate that it is bound to');
  }
  if (certificateThumbprint(shown) !== confirmation['x5t#S256'])
    return deny('a token of another certificate');
  return member;
}

/** A token ends with what it was got with. A certificate that is not pinned ends by `findCertificateOwner`. */
async function requireCredential(
  credential: string,
  memberId: string,
  { members, clock }: Authentication,
): Promise<void> {
  const [kind, id] = credential.split(':') as [string, string];
  const held = kind === 'key' ? await members.findKey(id) : await members.findCertificate(id);
  if (held === null ? kind === 'key' : held.memberId !== memberId || !isValidAt(held, clock.nowMs())) {
    deny('a token whose key or certificate has ended');
  }
}

function requireActive(member: Member | null): Member {
  return isActive(member) ? member : deny('a member that may do nothing');
}

function isLoopback({ remoteAddress }: Connection): boolean {
  return remoteAddress === '::1' || /^(?:::ffff:)?127\.\d+\.\d+\.\d+$/.test(remoteAddress);
}

/** The field `WWW-Authenticate` of an answer 401 of a listener with these methods. */
export function listChallenges(methods: readonly AuthMethod[]): string {
  const challenges = [
    ...(methods.includes('access-token') ? ['DPoP algs="EdDSA ES256"', 'Bearer realm="hub"'] : []),
    ...(methods.includes('basic') ? ['Basic realm="hub", charset="UTF-8"'] : []),
  ];
  // RFC 9110 section 15.5.2 asks for a challenge; signatures and certificates have no registered one.
  return challenges.length > 0 ? challenges.join(', ') : 'Signature realm="hub"';
}

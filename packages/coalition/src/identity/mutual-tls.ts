import { createHash, X509Certificate } from 'node:crypto';
import { deny } from './denial.js';
import type { Member } from './member.js';
import { isActive, isValidAt, type MemberDirectory } from './member-directory.js';

/** `id-kp-clientAuth` (RFC 5280 section 4.2.1.12). */
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';
/** Subject alternative names that are looked up for one certificate. */
const MOST_NAMES = 8;
const MOST_BYTES = 16 * 1024;

/** SHA-256 of a certificate in DER, in base64url: `x5t#S256` (RFC 8705 section 3.1). */
export function certificateThumbprint(der: Uint8Array): string {
  return createHash('sha256').update(der).digest('base64url');
}

/**
 * Whose certificate of the coalition's authority this is: the member's to whom its thumbprint is pinned, else the member's of whom it carries a
 * URI (`tls_client_auth`, RFC 8705 section 2.1.2). A thumbprint that was revoked ends both ways.
 *
 * @param der verified by the listener: chain, and proof of the key
 * @throws PhalanxError `COALITION_IDENTITY` when it is nobody's, expired, revoked, of a suspended member, or not for clients
 */
export async function findCertificateOwner(
  der: Uint8Array,
  members: MemberDirectory,
  nowMs: number,
): Promise<Member> {
  const { validFromMs, validUntilMs, uses, uris } = readCertificate(der);
  if (nowMs < validFromMs || nowMs >= validUntilMs) return deny('a certificate of another time');
  // One for any use, or for servers alone, is none that somebody meant for this.
  if (!uses.includes(CLIENT_AUTH)) return deny('a certificate that is not for clients');
  const pinned = await members.findCertificate(certificateThumbprint(der));
  if (pinned !== null) {
    if (!isValidAt(pinned, nowMs)) return deny('a certificate that was revoked');
    return requireActive(await members.findMember(pinned.memberId));
  }
  const owners = await Promise.all(uris.map((uri) => members.findCertificateName(uri)));
  const found = owners.filter((owner) => owner !== null);
  if (new Set(found.map(({ id }) => id)).size > 1) return deny('a certificate of several members');
  return requireActive(found[0] ?? null);
}

function requireActive(member: Member | null): Member {
  return isActive(member) ? member : deny('a certificate of nobody who may do anything');
}

function readCertificate(der: Uint8Array) {
  if (der.length > MOST_BYTES) return deny('a certificate that is too long');
  try {
    const certificate = new X509Certificate(der);
    return {
      validFromMs: Date.parse(certificate.validFrom),
      // The last second counts whole.
      validUntilMs: Date.parse(certificate.validTo) + 1000,
      uses: certificate.keyUsage ?? [],
      uris: readUris(certificate.subjectAltName ?? ''),
    };
  } catch {
    return deny('bytes that are no certificate');
  }
}

/**
 * URIs among `URI:https://a, DNS:b`. Where a value has a comma, Node writes it as a JSON string with `\u002c` in its place (CVE-2021-44532), so
 * that no name hides in another.
 */
function readUris(names: string): string[] {
  const uris = names
    .split(', ')
    .filter((name) => name.startsWith('URI:'))
    .map((name) => name.slice(4));
  return uris.length > MOST_NAMES ? [] : uris;
}

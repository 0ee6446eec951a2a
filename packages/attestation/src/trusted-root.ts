import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { canonicalJson, concatBytes, fromHex, fromUtf8, PhalanxError, toBase64, utf8 } from '@phalanx/core';
import { SignatureType, type VerifierKey } from '@phalanx/ledger';
import { PublicKeyDetails, TrustedRoot } from '@sigstore/protobuf-specs';
import type { AttestationErrorCode } from './attestation-error.js';

/** From when to when a key or an authority is believed; both ends count. Milliseconds since 1970; null: to this day. */
export interface Validity {
  readonly fromMs: number;
  readonly toMs: number | null;
}

/** What a trusted root is made of. */
export interface TrustedParties {
  readonly logs: readonly {
    /**
     * Ed25519. Its name must be a bare host name, such as `log.example`: sigstore-go looks for a note key of the name of the host,
     * `@sigstore/verify` for a name that is part of the URL.
     */
    readonly key: VerifierKey;
    readonly validity: Validity;
  }[];
  readonly timestampAuthorities: readonly {
    /** For people; sigstore-go counts authorities of one URI once. */
    readonly uri: string;
    readonly organization: string;
    readonly commonName: string;
    /** DER, from the authority's own certificate to the self-signed one. */
    readonly certificates: readonly Uint8Array[];
    readonly validity: Validity;
  }[];
}

const TRUSTED_ROOT_TYPE = 'application/vnd.dev.sigstore.trustedroot+json;version=0.1';
const HOST_NAME = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/;
const ED25519_SPKI = fromHex('302a300506032b6570032100');
const MAX_BYTES = 1_000_000;
/** Of each kind; Sigstore's own root has three logs after five years. */
const MAX_PARTIES = 64;
const PKCS1 = new Set([
  PublicKeyDetails.PKCS1_RSA_PKCS1V5,
  PublicKeyDetails.PKIX_RSA_PKCS1V5,
  PublicKeyDetails.PKIX_RSA_PKCS1V15_2048_SHA256,
  PublicKeyDetails.PKIX_RSA_PKCS1V15_3072_SHA256,
  PublicKeyDetails.PKIX_RSA_PKCS1V15_4096_SHA256,
]);

/**
 * `trusted_root.json` as Sigstore's verifiers read it, canonical JSON. It names no signers: their keys are handed over beside it.
 *
 * @throws PhalanxError `ATTESTATION_TRUSTED_ROOT`
 */
export function formatTrustedRoot({ logs, timestampAuthorities }: TrustedParties): Uint8Array {
  const file = utf8(
    canonicalJson({
      certificateAuthorities: [],
      ctlogs: [],
      mediaType: TRUSTED_ROOT_TYPE,
      timestampAuthorities: timestampAuthorities.map((authority) => ({
        certChain: { certificates: authority.certificates.map((der) => ({ rawBytes: toBase64(der) })) },
        subject: { commonName: authority.commonName, organization: authority.organization },
        uri: authority.uri,
        validFor: formatValidity(authority.validity),
      })),
      tlogs: logs.map(({ key, validity }) => {
        if (key.type !== SignatureType.ED25519) throw rootError('a log key is not Ed25519');
        if (!HOST_NAME.test(key.keyName)) throw rootError(`${key.keyName} is no host name`);
        return {
          baseUrl: `https://${key.keyName}`,
          hashAlgorithm: 'SHA2_256',
          logId: { keyId: toBase64(logIdOf(key)) },
          publicKey: {
            keyDetails: 'PKIX_ED25519',
            rawBytes: toBase64(concatBytes([ED25519_SPKI, key.publicKey])),
            validFor: formatValidity(validity),
          },
        };
      }),
    }),
  );
  parseTrustedRoot(file);
  return file;
}

/** What bundles and trusted roots know a log by: all of the hash whose first four bytes are its key id. */
export function logIdOf({ keyName, type, publicKey }: VerifierKey): Uint8Array {
  const hash = createHash('sha256').update(utf8(`${keyName}\n`));
  return hash.update(Uint8Array.of(type)).update(publicKey).digest();
}

/** A log of a trusted root. */
export interface TrustedLog {
  readonly id: Uint8Array;
  readonly baseUrl: string;
  readonly validity: Validity;
}

/** A trusted root that was read: as Sigstore's library knows it, and what is checked here besides. */
export interface ParsedTrustedRoot {
  readonly root: TrustedRoot;
  readonly logs: readonly TrustedLog[];
  readonly timestampAuthorities: readonly {
    readonly certificates: readonly Uint8Array[];
    readonly validity: Validity;
  }[];
}

/**
 * Reads `trusted_root.json`, ours or Sigstore's own. Refused is what other verifiers let pass: a log without a start of its validity.
 *
 * @throws PhalanxError `ATTESTATION_TRUSTED_ROOT`
 */
export function parseTrustedRoot(json: Uint8Array): ParsedTrustedRoot {
  if (json.length > MAX_BYTES) throw rootError(`${json.length} bytes, more than ${MAX_BYTES}`);
  let root: TrustedRoot;
  try {
    root = TrustedRoot.fromJSON(JSON.parse(fromUtf8(json)));
  } catch (cause) {
    throw rootError('it is not the JSON of one', cause);
  }
  if (root.mediaType !== TRUSTED_ROOT_TYPE) throw rootError('its media type is another');
  const { tlogs, ctlogs, certificateAuthorities, timestampAuthorities } = root;
  if (
    [tlogs, ctlogs, certificateAuthorities, timestampAuthorities].some(({ length }) => length > MAX_PARTIES)
  )
    throw rootError(`more than ${MAX_PARTIES} of a kind`);
  const logs = tlogs.map(({ baseUrl, logId, checkpointKeyId, publicKey }) => {
    const id = checkpointKeyId?.keyId ?? logId?.keyId;
    const validFor = publicKey?.validFor;
    if (id === undefined || id.length < 4 || !publicKey?.rawBytes)
      throw rootError('a log has no id or no key');
    if (validFor?.start === undefined) throw rootError(`the validity of ${baseUrl} has no start`);
    readKey(publicKey.rawBytes, publicKey.keyDetails);
    return { id: new Uint8Array(id), baseUrl, validity: readValidity(validFor) };
  });
  return {
    root,
    logs,
    timestampAuthorities: timestampAuthorities.map(({ certChain, validFor }) => ({
      certificates: (certChain?.certificates ?? []).map(({ rawBytes }) => new Uint8Array(rawBytes)),
      validity: readValidity(validFor),
    })),
  };
}

/** Whether a time lies in a validity. */
export function isWithin({ fromMs, toMs }: Validity, timeMs: number): boolean {
  return fromMs <= timeMs && (toMs === null || timeMs <= toMs);
}

function readKey(der: Buffer, details: PublicKeyDetails): KeyObject {
  try {
    return createPublicKey({ key: der, format: 'der', type: PKCS1.has(details) ? 'pkcs1' : 'spki' });
  } catch (cause) {
    throw rootError('a key of a log cannot be read', cause);
  }
}

function readValidity(range: { start?: Date | undefined; end?: Date | undefined } | undefined): Validity {
  const [fromMs, toMs] = [range?.start?.getTime() ?? 0, range?.end?.getTime() ?? null];
  if (Number.isNaN(fromMs) || Number.isNaN(toMs ?? 0)) throw rootError('a validity is no time');
  return { fromMs, toMs };
}

function formatValidity({ fromMs, toMs }: Validity): { start: string; end?: string } {
  const start = new Date(fromMs).toISOString();
  return toMs === null ? { start } : { start, end: new Date(toMs).toISOString() };
}

function rootError(what: string, cause?: unknown): PhalanxError<AttestationErrorCode> {
  return new PhalanxError('ATTESTATION_TRUSTED_ROOT', `not a trusted root: ${what}`, { cause });
}

import { generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import {
  formatStatement,
  formatTrustedRoot,
  makeStatementLeaf,
  STATEMENT_TYPE,
  type StatementBundle,
  signEnvelope,
  statementSignerOf,
} from '@phalanx/attestation';
import { systemClock, utf8 } from '@phalanx/core';
import {
  FolderDisk,
  formatVerifierKey,
  makeCosigner,
  makeNoteSigner,
  makeVerifierKey,
  parseNote,
  parseTrustPolicy,
  SignatureType,
  signingKeyOf,
  signNote,
  TransparencyLog,
  type TrustPolicy,
} from '@phalanx/ledger';
import type { OpensslAuthority } from './openssl-authority.js';

const ORIGIN = 'log.example';
const WITNESS = 'witness.example';
const ENTRIES = 1000;
const INDEX = 637;

/** A signed statement in a log of 1,000 entries, cosigned by a witness and stamped, and what a stranger verifies it with. */
export interface LoggedStatement {
  readonly parts: StatementBundle;
  readonly trustedRoot: Uint8Array;
  readonly policy: TrustPolicy;
}

/** Makes one, with new keys. The log lies in `home`. */
export async function logStatement(
  home: string,
  name: string,
  authority: OpensslAuthority,
): Promise<LoggedStatement> {
  const logSigner = signingKeyOf(generateKeyPairSync('ed25519').privateKey);
  const witnessSigner = signingKeyOf(generateKeyPairSync('ed25519').privateKey);
  const logKey = makeVerifierKey(ORIGIN, SignatureType.ED25519, logSigner.publicKey);
  const witnessKey = makeVerifierKey(WITNESS, SignatureType.ED25519_COSIGNATURE, witnessSigner.publicKey);
  const signer = statementSignerOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
  const { publicKey } = signer;
  const statement = formatStatement({
    subjects: [{ name: 'data/openings/1.json', sha256: '5c'.repeat(32) }],
    predicateType: 'https://phalanx.example/evidence/v1',
    predicate: { case: name },
  });
  const envelope = await signEnvelope(STATEMENT_TYPE, statement, signer);
  const log = await TransparencyLog.open({
    disk: new FolderDisk(join(home, name)),
    state: new FolderDisk(join(home, `${name}-state`)),
    origin: ORIGIN,
    signers: [makeNoteSigner(ORIGIN, logSigner)],
    verifiers: [logKey],
  });
  const leaf = makeStatementLeaf(envelope, publicKey);
  log.append(Array.from({ length: ENTRIES }, (_, i) => (i === INDEX ? leaf : utf8(`entry ${i}`))));
  const { text, signatures } = parseNote(await log.publish());
  const witness = makeCosigner(WITNESS, SignatureType.ED25519_COSIGNATURE, witnessSigner, systemClock);
  const checkpoint = await signNote(text, [witness], signatures);
  const proof = { ...(await log.prove(INDEX)), checkpoint };
  log.close();
  const { response } = await authority.stamp(envelope.signature);
  const validity = { fromMs: Date.UTC(2026, 0), toMs: null };
  const { certificates } = authority;
  return {
    parts: { envelope, publicKey, logKey, proof, timestamps: [response] },
    trustedRoot: formatTrustedRoot({
      logs: [{ key: logKey, validity }],
      timestampAuthorities: [
        { uri: 'https://tsa.example', organization: 'Example', commonName: 'TSA', certificates, validity },
      ],
    }),
    policy: parseTrustPolicy(
      utf8(`log ${formatVerifierKey(logKey)}\nwitness W ${formatVerifierKey(witnessKey)}\nquorum W\n`),
    ),
  };
}

import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canonicalJson, fromBase64, PhalanxError, systemClock, toBase64, utf8 } from '@phalanx/core';
import {
  FolderDisk,
  formatVerifierKey,
  hashLeaf,
  makeCosigner,
  makeNoteSigner,
  makeVerifierKey,
  parseNote,
  parseTrustPolicy,
  SignatureType,
  signingKeyOf,
  signNote,
  TransparencyLog,
  verifyTlogProof,
} from '@phalanx/ledger';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { encodePreAuth, signEnvelope } from './dsse.js';
import {
  formatMessageBundle,
  formatStatementBundle,
  type StatementBundle,
  verifyStatementBundle,
} from './sigstore-bundle.js';
import { verifySigstoreBundle } from './sigstore-verifier.js';
import { formatStatement, STATEMENT_TYPE } from './statement.js';
import { makeStatementLeaf } from './statement-leaf.js';
import { statementSignerOf } from './statement-signer.js';
import { issueCertificate, makeToken, type Party } from './test-authority.js';
import { formatTrustedRoot, parseTrustedRoot, type Validity } from './trusted-root.js';

const ORIGIN = 'log.example';
const validity: Validity = { fromMs: Date.UTC(2026, 0), toMs: null };
const logSigner = signingKeyOf(generateKeyPairSync('ed25519').privateKey);
const logKey = makeVerifierKey(ORIGIN, SignatureType.ED25519, logSigner.publicKey);
const witnessSigner = signingKeyOf(generateKeyPairSync('ed25519').privateKey);
const witnessKey = makeVerifierKey(
  'witness.example',
  SignatureType.ED25519_COSIGNATURE,
  witnessSigner.publicKey,
);
const signer = statementSignerOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
const { publicKey } = signer;

let root: Party;
let stamper: Party;
let parts: StatementBundle;
let trustedRoot: Uint8Array;
let json: Uint8Array;

beforeAll(async () => {
  root = await issueCertificate('root', null);
  stamper = await issueCertificate('stamper', root);
  parts = await makeParts(60, 23);
  trustedRoot = rootOf();
  json = formatStatementBundle(parts);
});

function rootOf(
  changed: { fromMs: number; toMs: number | null } = validity,
  authority = validity,
): Uint8Array {
  const certificates = [stamper.der, root.der];
  const about = { uri: 'https://tsa.example', organization: 'Test', commonName: 'Test TSA' };
  return formatTrustedRoot({
    logs: [{ key: logKey, validity: changed }],
    timestampAuthorities: [{ ...about, certificates, validity: authority }],
  });
}

/** A statement at `index` of a log of `size`, cosigned by a witness. */
async function makeParts(size: number, index: number): Promise<StatementBundle> {
  const statement = formatStatement({
    subjects: [{ name: 'data/a', sha256: '00'.repeat(32) }],
    predicateType: 'https://phalanx.example/evidence/v1',
    predicate: { case: '2026-001' },
  });
  const envelope = await signEnvelope(STATEMENT_TYPE, statement, signer);
  const folder = mkdtempSync(join(tmpdir(), 'phalanx-bundle-'));
  try {
    const log = await TransparencyLog.open({
      disk: new FolderDisk(folder),
      state: new FolderDisk(join(folder, 'state')),
      origin: ORIGIN,
      signers: [makeNoteSigner(ORIGIN, logSigner)],
      verifiers: [logKey],
    });
    const leaf = makeStatementLeaf(envelope, publicKey);
    log.append(Array.from({ length: size }, (_, i) => (i === index ? leaf : utf8(`entry ${i}`))));
    const { text, signatures } = parseNote(await log.publish());
    const witness = makeCosigner(
      'witness.example',
      SignatureType.ED25519_COSIGNATURE,
      witnessSigner,
      systemClock,
    );
    const checkpoint = await signNote(text, [witness], signatures);
    const proof = { ...(await log.prove(index)), checkpoint };
    log.close();
    return { envelope, publicKey, logKey, proof, timestamps: [makeToken(envelope.signature, stamper)] };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function code(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (PhalanxError.is(error)) return error.code;
    throw error;
  }
  return 'accepted';
}

const verdict = (bundle: Uint8Array, about: Uint8Array = trustedRoot): string =>
  code(() => verifyStatementBundle(bundle, { trustedRoot: about, publicKey }));

const policy = parseTrustPolicy(
  utf8(`log ${formatVerifierKey(logKey)}\nwitness W ${formatVerifierKey(witnessKey)}\nquorum W\n`),
);
/** What a stranger finds who has a policy too. */
const wholeVerdict = (bundle: Uint8Array): string =>
  code(() => {
    const { leaf, proof } = verifyStatementBundle(bundle, { trustedRoot, publicKey });
    verifyTlogProof(proof, hashLeaf(leaf), policy);
  });

describe('a bundle', () => {
  it('says what was signed, where it lies in the log, and when it was there', () => {
    const { envelope, leaf, proof, checkpoint, timestamps } = verifyStatementBundle(json, {
      trustedRoot,
      publicKey,
    });
    expect(envelope).toEqual(parts.envelope);
    expect([proof.index, checkpoint.size, checkpoint.origin]).toEqual([23, 60, ORIGIN]);
    expect(timestamps.map(({ timeMs }) => timeMs)).toEqual([Date.UTC(2026, 5, 1)]);
    expect([...verifyTlogProof(proof, hashLeaf(leaf), policy).cosigned.keys()]).toEqual(['W']);
  });

  it('is accepted in trees of every shape', async () => {
    for (const [size, index] of [
      [1, 0],
      [2, 1],
      [3, 2],
      [8, 0],
      [257, 256],
    ] as const)
      expect(verdict(formatStatementBundle(await makeParts(size, index))), `${index} of ${size}`).toBe(
        'accepted',
      );
  });

  it('is accepted as the signature of a message too, by those who have the message', () => {
    const bundle = formatMessageBundle(parts);
    const { payloadType, payload } = parts.envelope;
    const artifact = encodePreAuth(payloadType, payload);
    expect(verifySigstoreBundle(bundle, { trustedRoot, publicKey, artifact }).envelope).toBeNull();
    expect(code(() => verifySigstoreBundle(bundle, { trustedRoot, publicKey, artifact: payload }))).toBe(
      'ATTESTATION_SIGNATURE',
    );
    expect(code(() => verifySigstoreBundle(bundle, { trustedRoot, publicKey }))).toBe('ATTESTATION_BUNDLE');
    expect(verdict(bundle)).toBe('ATTESTATION_BUNDLE');
  });

  it('is made of a statement that is in the log, and of no other', async () => {
    const other = await makeParts(60, 22);
    expect(code(() => formatStatementBundle({ ...parts, proof: { ...parts.proof, index: 24 } }))).toBe(
      'ATTESTATION_LOG',
    );
    expect(code(() => formatStatementBundle({ ...parts, proof: other.proof }))).toBe('ATTESTATION_LOG');
    expect(code(() => formatStatementBundle({ ...parts, logKey: witnessKey }))).toBe('ATTESTATION_LOG');
    const key = signingKeyOf(generateKeyPairSync('ed25519').privateKey).publicKey;
    const forged = makeVerifierKey(ORIGIN, SignatureType.ED25519, key);
    expect(code(() => formatStatementBundle({ ...parts, logKey: forged }))).toBe('ATTESTATION_LOG');
  });

  it('is refused for each thing that is wrong', async () => {
    const impostor = await issueCertificate('stamper', await issueCertificate('root', null));
    const { signature } = parts.envelope;
    const stamped = (...timestamps: Uint8Array[]): Uint8Array =>
      formatStatementBundle({ ...parts, timestamps });
    expect(verdict(stamped())).toBe('ATTESTATION_TIMESTAMP');
    expect(verdict(stamped(makeToken(utf8('else'), stamper)))).toBe('ATTESTATION_TIMESTAMP');
    expect(verdict(stamped(makeToken(signature, impostor)))).toBe('ATTESTATION_TIMESTAMP');
    expect(verdict(stamped(...Array(33).fill(parts.timestamps[0])))).toBe('ATTESTATION_TIMESTAMP');
    const early = { fromMs: Date.UTC(2020, 0), toMs: Date.UTC(2026, 4, 1) };
    expect(verdict(json, rootOf(early))).toBe('ATTESTATION_LOG');
    expect(verdict(json, rootOf(validity, early))).toBe('ATTESTATION_TIMESTAMP');
    const untilThen = { fromMs: Date.UTC(2020, 0), toMs: Date.UTC(2026, 5, 1) };
    expect(verdict(json, rootOf(untilThen, untilThen))).toBe('accepted');
    const other = statementSignerOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
    expect(code(() => verifyStatementBundle(json, { trustedRoot, publicKey: other.publicKey }))).toBe(
      'ATTESTATION_LOG',
    );
    const noLog = formatTrustedRoot({ logs: [], timestampAuthorities: [] });
    expect(verdict(json, noLog)).toBe('ATTESTATION_LOG');
  });

  it('is refused when any member is another', () => {
    type Tree = { [member: string]: Tree } & Tree[];
    const edits: [string, (bundle: Tree, entry: Tree, proof: Tree) => void][] = [
      [
        'payload',
        (b) => {
          Object.assign(b.dsseEnvelope!, { payload: toBase64(utf8('{}')) });
        },
      ],
      [
        'payload type',
        (b) => {
          Object.assign(b.dsseEnvelope!, { payloadType: 'text/plain' });
        },
      ],
      [
        'signature',
        (b) => {
          Object.assign(b.dsseEnvelope!.signatures![0]!, { sig: toBase64(utf8('x')) });
        },
      ],
      [
        'second signature',
        (b) => {
          b.dsseEnvelope!.signatures!.push(b.dsseEnvelope!.signatures![0]!);
        },
      ],
      [
        'key id',
        (b) => {
          Object.assign(b.dsseEnvelope!.signatures![0]!, { keyid: 'a' });
        },
      ],
      [
        'media type',
        (b) => {
          Object.assign(b, { mediaType: 'application/vnd.dev.sigstore.bundle+json;version=0.3' });
        },
      ],
      [
        'hint',
        (b) => {
          Object.assign(b.verificationMaterial!.publicKey!, { hint: 'another' });
        },
      ],
      [
        'no log entry',
        (b) => {
          Object.assign(b.verificationMaterial!, { tlogEntries: [] });
        },
      ],
      [
        'one entry twice',
        (b, entry) => {
          b.verificationMaterial!.tlogEntries!.push(entry);
        },
      ],
      [
        '33 entries',
        (b, entry) => {
          Object.assign(b.verificationMaterial!, { tlogEntries: Array(33).fill(entry) });
        },
      ],
      [
        'log id',
        (_, entry) => {
          Object.assign(entry.logId!, { keyId: toBase64(new Uint8Array(32)) });
        },
      ],
      [
        'kind',
        (_, entry) => {
          Object.assign(entry.kindVersion!, { kind: 'dsse' });
        },
      ],
      [
        'kind version',
        (_, entry) => {
          Object.assign(entry.kindVersion!, { version: '0.0.1' });
        },
      ],
      [
        'index of the entry',
        (_, entry) => {
          Object.assign(entry, { logIndex: '24' });
        },
      ],
      [
        'index of the proof',
        (_, __, proof) => {
          Object.assign(proof, { logIndex: '24' });
        },
      ],
      [
        'both indices',
        (_, entry, proof) => {
          Object.assign(entry, { logIndex: '24' });
          Object.assign(proof, { logIndex: '24' });
        },
      ],
      [
        'negative index',
        (_, entry, proof) => {
          Object.assign(entry, { logIndex: '-1' });
          Object.assign(proof, { logIndex: '-1' });
        },
      ],
      [
        'integrated time',
        (_, entry) => {
          Object.assign(entry, { integratedTime: '1' });
        },
      ],
      [
        'inclusion promise',
        (_, entry) => {
          Object.assign(entry, { inclusionPromise: { signedEntryTimestamp: 'AAAA' } });
        },
      ],
      [
        'tree size',
        (_, __, proof) => {
          Object.assign(proof, { treeSize: '61' });
        },
      ],
      [
        'root',
        (_, __, proof) => {
          Object.assign(proof, { rootHash: toBase64(new Uint8Array(32)) });
        },
      ],
      [
        'fewer hashes',
        (_, __, proof) => {
          proof.hashes!.pop();
        },
      ],
      [
        'more hashes',
        (_, __, proof) => {
          proof.hashes!.push(proof.hashes![0]!);
        },
      ],
      [
        '64 hashes',
        (_, __, proof) => {
          Object.assign(proof, { hashes: Array(64).fill(proof.hashes![0]) });
        },
      ],
      [
        'another hash',
        (_, __, proof) => {
          Object.assign(proof.hashes!, [toBase64(new Uint8Array(32))]);
        },
      ],
      [
        'no proof',
        (_, entry) => {
          delete (entry as { inclusionProof?: unknown }).inclusionProof;
        },
      ],
      [
        'body with a space',
        (_, entry) => {
          Object.assign(entry, {
            canonicalizedBody: toBase64(
              utf8(`${Buffer.from(fromBase64(entry.canonicalizedBody as never)).toString()} `),
            ),
          });
        },
      ],
      [
        'body of a filler',
        (_, entry) => {
          Object.assign(entry, { canonicalizedBody: toBase64(utf8('entry 22')) });
        },
      ],
      [
        'checkpoint of a larger tree',
        (_, __, proof) => {
          const c = proof.checkpoint!;
          Object.assign(c, { envelope: String(c.envelope).replace('\n60\n', '\n61\n') });
        },
      ],
      [
        'checkpoint without signatures',
        (_, __, proof) => {
          const c = proof.checkpoint!;
          Object.assign(c, { envelope: `${String(c.envelope).split('\n\n')[0]}\n\n` });
        },
      ],
      [
        'checkpoint signed by another name',
        (_, __, proof) => {
          const c = proof.checkpoint!;
          Object.assign(c, {
            envelope: String(c.envelope).replace('\u2014 log.example', '\u2014 log.exampl.'),
          });
        },
      ],
      [
        'checkpoint signed by a pattern',
        (_, __, proof) => {
          const c = proof.checkpoint!;
          Object.assign(c, {
            envelope: String(c.envelope).replace('\u2014 log.example', `\u2014 ${'(.*)*'.repeat(20)}x`),
          });
        },
      ],
      [
        'more after the signatures',
        (_, __, proof) => {
          const c = proof.checkpoint!;
          Object.assign(c, {
            envelope: `${String(c.envelope)}x`,
          });
        },
      ],
      [
        'unknown member',
        (b) => {
          Object.assign(b, { more: 1 });
        },
      ],
      [
        'no time stamp',
        (b) => {
          Object.assign(b.verificationMaterial!, { timestampVerificationData: {} });
        },
      ],
    ];
    for (const [what, edit] of edits) {
      const bundle = JSON.parse(Buffer.from(json).toString());
      const entry = bundle.verificationMaterial.tlogEntries[0];
      edit(bundle, entry, entry.inclusionProof);
      const changed = utf8(canonicalJson(bundle));
      expect(Buffer.compare(changed, json), what).not.toBe(0);
      expect(verdict(changed), what).toMatch(/^ATTESTATION_/);
    }
    expect(verdict(utf8(` ${Buffer.from(json).toString()}`))).toBe('ATTESTATION_BUNDLE');
  });

  it('is refused after any change of one bit', () => {
    expect(wholeVerdict(json)).toBe('accepted');
    for (let bit = 0; bit < json.length * 8; bit += 41) {
      const changed = json.slice();
      changed[bit >> 3]! ^= 1 << (bit & 7);
      expect(wholeVerdict(changed), `bit ${bit & 7} of byte ${bit >> 3}`).toMatch(/^(?:ATTESTATION|LEDGER)_/);
    }
  });

  it('never ends in another error, whatever the bytes', () => {
    const edit = fc.record({
      at: fc.nat(json.length - 1),
      drop: fc.nat(30),
      put: fc.string({ maxLength: 10 }).map(utf8),
    });
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 3 }), (edits) => {
        const bytes = [...json];
        for (const { at, drop, put } of edits) bytes.splice(at, drop, ...put);
        const changed = Uint8Array.from(bytes);
        expect(wholeVerdict(changed)).toMatch(
          Buffer.compare(changed, json) === 0 ? /accepted/ : /^(?:ATTESTATION|LEDGER)_/,
        );
      }),
      { numRuns: 300 },
    );
    // Whatever value any one member has.
    const members: [object, string][] = [];
    const bundle = JSON.parse(Buffer.from(json).toString());
    const collect = (node: unknown): void => {
      if (typeof node === 'object' && node !== null)
        for (const key of Object.keys(node)) {
          members.push([node, key]);
          collect((node as Record<string, unknown>)[key]);
        }
    };
    collect(bundle);
    fc.assert(
      fc.property(fc.nat(members.length - 1), fc.jsonValue({ maxDepth: 2 }), (i, value) => {
        const [node, key] = members[i]! as [Record<string, unknown>, string];
        const before = node[key];
        node[key] = value;
        const changed = utf8(JSON.stringify(bundle));
        node[key] = before;
        const isSame = Buffer.compare(changed, json) === 0;
        expect(verdict(changed)).toMatch(isSame ? /accepted/ : /^ATTESTATION_/);
        expect(code(() => parseTrustedRoot(changed))).toBe('ATTESTATION_TRUSTED_ROOT');
      }),
      { numRuns: 500 },
    );
  });
});

describe('a trusted root', () => {
  it('is read as it was written', () => {
    const { logs, timestampAuthorities } = parseTrustedRoot(trustedRoot);
    expect(logs.map(({ baseUrl, validity: valid }) => [baseUrl, valid])).toEqual([
      ['https://log.example', validity],
    ]);
    expect(timestampAuthorities[0]!.certificates).toEqual([stamper.der, root.der]);
  });

  it('names logs by a host name and says from when each is believed', () => {
    const named = (name: string) => makeVerifierKey(name, SignatureType.ED25519, logSigner.publicKey);
    for (const name of ['log.example/path', 'Log', '-a', 'a@b'])
      expect(
        code(() => formatTrustedRoot({ logs: [{ key: named(name), validity }], timestampAuthorities: [] })),
        name,
      ).toBe('ATTESTATION_TRUSTED_ROOT');
    expect(
      code(() => formatTrustedRoot({ logs: [{ key: witnessKey, validity }], timestampAuthorities: [] })),
    ).toBe('ATTESTATION_TRUSTED_ROOT');
    const text = Buffer.from(trustedRoot).toString();
    for (const odd of [
      text.replaceAll('"start"', '"begin"'),
      text.replace('version=0.1', 'version=0.2'),
      text.replace('2026-01-01', '2026-13-01'),
      text.slice(1),
      'null',
      '[]',
    ])
      expect(
        code(() => parseTrustedRoot(utf8(odd))),
        odd.slice(0, 40),
      ).toBe('ATTESTATION_TRUSTED_ROOT');
  });
});

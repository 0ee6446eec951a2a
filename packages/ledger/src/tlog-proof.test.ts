import { createHash, createPrivateKey } from 'node:crypto';
import { fromUtf8, utf8 } from '@phalanx/core';
import { describe, expect, it } from 'vitest';
import { formatCheckpoint, parseCheckpoint } from './checkpoint.js';
import { hashLeaf, hashNode } from './merkle-hash.js';
import { makeCosigner, makeNoteSigner, signingKeyOf } from './note-signer.js';
import { signNote } from './signed-note.js';
import { checkPolicy, parseTrustPolicy } from './tlog-policy.js';
import { formatTlogProof, parseTlogProof, type TlogProof, verifyTlogProof } from './tlog-proof.js';
import { formatVerifierKey, makeVerifierKey, SignatureType } from './verifier-key.js';

function makeKey(seed: string) {
  const pkcs8 = Buffer.concat([
    Buffer.from('302e020100300506032b657004220420', 'hex'),
    createHash('sha256').update(seed).digest(),
  ]);
  const privateKey = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
  return signingKeyOf(privateKey);
}
const clock = { nowMs: () => 1_769_990_400_000 };
const logKey = makeKey('log');
const logSigner = makeNoteSigner('log.example/a', logKey);
const logVkey = formatVerifierKey(makeVerifierKey('log.example/a', SignatureType.ED25519, logKey.publicKey));
const witness = (name: string) => {
  const key = makeKey(name);
  const type = SignatureType.ED25519_COSIGNATURE;
  return {
    signer: makeCosigner(name, type, key, clock),
    vkey: formatVerifierKey(makeVerifierKey(name, type, key.publicKey)),
  };
};
const w = ['w1', 'w2', 'w3', 'w4'].map(witness);
const policyText = `# two of three, and the fourth
log ${logVkey}  https://log.example/a
witness W1 ${w[0]!.vkey}
\twitness  W2 ${w[1]!.vkey} https://w2.example
witness W3 ${w[2]!.vkey}

witness W4 ${w[3]!.vkey}
group few 2 W1 W2 W3
group both all few W4
quorum both
`;
const policy = parseTrustPolicy(utf8(policyText));
const entries = ['a', 'b', 'c'].map((text) => hashLeaf(utf8(text)));
const root = hashNode(hashNode(entries[0]!, entries[1]!), entries[2]!);
const text = formatCheckpoint({ origin: 'log.example/a', size: 3, root, extensions: [] });
const checkpoint = await signNote(text, [logSigner, w[0]!.signer, w[2]!.signer, w[3]!.signer]);
const proof: TlogProof = { extra: utf8('x'), index: 1, inclusion: [entries[0]!, entries[2]!], checkpoint };

describe('a checkpoint', () => {
  it('is read as it was written', () => {
    expect(parseCheckpoint(text)).toEqual({ origin: 'log.example/a', size: 3, root, extensions: [] });
    expect(parseCheckpoint(`${text}more\n`).extensions).toEqual(['more']);
  });

  it.each([
    ['a size with a leading zero', text.replace('\n3\n', '\n03\n')],
    ['a size with a sign', text.replace('\n3\n', '\n+3\n')],
    ['a size above 2^53', text.replace('\n3\n', '\n9007199254740993\n')],
    ['no origin', text.replace('log.example/a', '')],
    ['a short root', text.replace(/\n[^\n]+\n$/, '\nAAAA\n')],
    ['an empty extension', `${text}\n`],
    ['two lines', 'a\n3\n'],
    ['no newline', text.slice(0, -1)],
  ])('is none with %s', (_, bad) => {
    expect(() => parseCheckpoint(bad)).toThrow(expect.objectContaining({ code: 'LEDGER_CHECKPOINT' }));
  });

  it('is not written with a line break in a line', () => {
    for (const wrong of [
      { origin: 'a\nb' },
      { extensions: ['a\nb'] },
      { size: -1 },
      { root: new Uint8Array(3) },
    ])
      expect(() => formatCheckpoint({ origin: 'a', size: 3, root, extensions: [], ...wrong })).toThrow(
        expect.objectContaining({ code: 'LEDGER_CHECKPOINT' }),
      );
  });
});

describe('a trust policy', () => {
  it('is satisfied by its quorum and by no less', async () => {
    const { log, cosigned } = checkPolicy(checkpoint, policy);
    expect(log.keyName).toBe('log.example/a');
    expect([...cosigned]).toEqual([
      ['W1', 1_769_990_400],
      ['W3', 1_769_990_400],
      ['W4', 1_769_990_400],
    ]);
    for (const signers of [[0, 1], [0, 3], [0, 1, 2], [3], []]) {
      const note = await signNote(text, [logSigner, ...signers.map((i) => w[i]!.signer)]);
      expect(() => checkPolicy(note, policy)).toThrow(expect.objectContaining({ code: 'LEDGER_QUORUM' }));
    }
  });

  it('does not count one witness twice, and needs the log itself', async () => {
    const twice = await signNote(text, [logSigner, w[0]!.signer, w[0]!.signer, w[3]!.signer]);
    expect(() => checkPolicy(twice, policy)).toThrow(expect.objectContaining({ code: 'LEDGER_QUORUM' }));
    const unsigned = await signNote(text, [w[0]!.signer, w[1]!.signer, w[3]!.signer]);
    expect(() => checkPolicy(unsigned, policy)).toThrow(expect.objectContaining({ code: 'LEDGER_UNSIGNED' }));
    const elsewhere = await signNote(text.replace('/a', '/b'), [
      logSigner,
      w[0]!.signer,
      w[1]!.signer,
      w[3]!.signer,
    ]);
    expect(() => checkPolicy(elsewhere, policy)).toThrow(
      expect.objectContaining({ code: 'LEDGER_UNSIGNED' }),
    );
  });

  it('may ask for nobody', async () => {
    const note = await signNote(text, [logSigner]);
    expect(checkPolicy(note, parseTrustPolicy(utf8(`log ${logVkey}\nquorum none\n`))).cosigned.size).toBe(0);
  });

  it.each([
    ['no quorum', 'log LOG\n'],
    ['two quorums', 'quorum none\nquorum none\n'],
    ['an undefined quorum', 'quorum W\n'],
    ['a name defined later', 'group g any W\nwitness W WIT\nquorum g\n'],
    ['a name defined twice', 'witness W WIT\ngroup W any W\nquorum W\n'],
    ['a witness listed twice', 'witness W WIT\nwitness V WIT\nquorum W\n'],
    ['a log listed twice', 'log LOG\nlog LOG\nquorum none\n'],
    ['a member of two groups', 'witness W WIT\ngroup g any W\ngroup h any W\nquorum g\n'],
    ['a member twice', 'witness W WIT\ngroup g any W W\nquorum g\n'],
    ['none as a member', 'group g any none\nquorum g\n'],
    ['none as a name', 'witness none WIT\nquorum none\n'],
    ['a threshold of nought', 'witness W WIT\ngroup g 0 W\nquorum g\n'],
    ['a threshold above the members', 'witness W WIT\ngroup g 2 W\nquorum g\n'],
    ['a threshold with a leading zero', 'witness W WIT\ngroup g 01 W\nquorum g\n'],
    ['an empty group', 'group g any\nquorum g\n'],
    ['a log key as a witness', 'witness W LOG\nquorum W\n'],
    ['a witness key as a log', 'log WIT\nquorum none\n'],
    ['an unknown keyword', 'trust me\nquorum none\n'],
    ['a carriage return', 'quorum none\r\n'],
    ['a word too many', 'log LOG url url\nquorum none\n'],
    ['a malformed key', 'log log.example+00000000+AAAA\nquorum none\n'],
  ])('is refused with %s', (_, bad) => {
    const file = utf8(bad.replaceAll('LOG', logVkey).replaceAll('WIT', w[0]!.vkey));
    expect(() => parseTrustPolicy(file)).toThrow(expect.objectContaining({ code: 'LEDGER_POLICY' }));
  });

  it('compares names octet by octet', () => {
    const kelvin = `witness K ${w[0]!.vkey}\nwitness \u212a ${w[1]!.vkey}\ngroup g all K \u212a\nquorum g\n`;
    expect(parseTrustPolicy(utf8(kelvin)).witnesses.size).toBe(2);
    const octets = Buffer.concat([Buffer.from([0xff]), utf8(`\nquorum none\n`)]);
    expect(() => parseTrustPolicy(octets)).toThrow(expect.objectContaining({ code: 'LEDGER_POLICY' }));
    expect(parseTrustPolicy(Buffer.concat([Buffer.from([0x23, 0xff]), utf8('\nquorum none\n')])).quorum).toBe(
      null,
    );
  });
});

describe('a tlog-proof', () => {
  it('is read as it was written, and shows what it should', () => {
    const file = formatTlogProof(proof);
    expect(parseTlogProof(file)).toEqual(proof);
    expect(fromUtf8(file)).toMatch(/^c2sp\.org\/tlog-proof@v1\nextra eA==\nindex 1\n/);
    const bare = { ...proof, extra: null, inclusion: [] };
    expect(parseTlogProof(formatTlogProof(bare))).toEqual(bare);
    const shown = verifyTlogProof(proof, entries[1]!, policy);
    expect([shown.index, shown.checkpoint.size, shown.cosigned.size]).toEqual([1, 3, 3]);
  });

  it('shows nothing about another entry, place or tree', () => {
    const cases: [TlogProof, Uint8Array][] = [
      [proof, entries[0]!],
      [{ ...proof, index: 0 }, entries[1]!],
      [{ ...proof, inclusion: proof.inclusion.slice(1) }, entries[1]!],
    ];
    for (const [bad, leaf] of cases)
      expect(() => verifyTlogProof(bad, leaf, policy)).toThrow(
        expect.objectContaining({ code: 'LEDGER_PROOF' }),
      );
  });

  it.each([
    ['another header', (s: string) => s.replace('v1', 'v2')],
    ['no index', (s: string) => s.replace(/index 1\n/, '')],
    ['an index with a leading zero', (s: string) => s.replace('index 1', 'index 01')],
    ['a short hash', (s: string) => s.replace(/index 1\n[^\n]+/, 'index 1\nAAAA')],
    ['extra after the index', (s: string) => s.replace('extra eA==\nindex 1\n', 'index 1\nextra eA==\n')],
    ['no checkpoint', (s: string) => s.split('\n\n')[0]!],
    ['too many bytes', (s: string) => s + 'a'.repeat(2_000_000)],
    ['64 hashes', (s: string) => s.replace('index 1\n', `index 1\n${`${'A'.repeat(43)}=\n`.repeat(62)}`)],
  ])('is none with %s', (_, change) => {
    const file = utf8(change(fromUtf8(formatTlogProof(proof))));
    expect(() => parseTlogProof(file)).toThrow(expect.objectContaining({ code: 'LEDGER_PROOF' }));
  });
});

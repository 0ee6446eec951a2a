import { createHash, generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromBase64, fromHex, PhalanxError, systemClock, toHex, utf8 } from '@phalanx/core';
import {
  FolderDisk,
  formatTilePath,
  type HashReader,
  hashLeaf,
  makeCosigner,
  makeVerifierKey,
  type OpenedNote,
  openNote,
  parseCheckpoint,
  parseEntryBundle,
  parseVerifierKey,
  proveConsistency,
  proveInclusion,
  readHashesFromTiles,
  readRoot,
  SignatureType,
  signingKeyOf,
  verifyConsistency,
  verifyInclusion,
  verifySubtreeConsistency,
  verifySubtreeInclusion,
  Witness,
} from '@phalanx/ledger';
import type { Checks } from './checks.js';
import type { Suite } from './suite.js';

const TESSERA_KEY = 'example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx';
const SUMDB_KEY = 'sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8';

/** Accepted there and not here: roots of 12 bytes, where we ask for 32. */
const STRICTER = new Set([
  'consistency/additional/sizes-are-equal-one-and-proof-is-empty.json',
  'subtreeconsistency/additional/sizes-are-equal-one-and-proof-is-empty.json',
  ...['one', 'zero'].map(
    (size) =>
      `subtreeconsistency/additional/subtree-is-empty-sizes-are-equal-${size}-subtree-root-valid-tree-root-random-proof-is-empty.json`,
  ),
]);

/** One file of transparency-dev/merkle. */
interface MerkleVector {
  readonly leafIdx?: number;
  readonly treeSize?: number;
  readonly leafHash?: string;
  readonly root?: string;
  readonly start?: number;
  readonly end?: number;
  readonly size?: number;
  readonly size1?: number;
  readonly size2?: number;
  readonly root1?: string;
  readonly root2?: string;
  readonly proof: readonly string[] | null;
  readonly wantErr: boolean;
}

/** Proofs, tiles, notes and cosignatures that Go programs wrote. */
export const transparencyLog: Suite = {
  name: 'transparency-log',
  what: 'Merkle proofs of transparency-dev/merkle; logs of Tessera and Sunlight; notes of sum.golang.org, sigsum-witness and a mirror; the exchange of litewitness',
  async run(checks, { vectors }) {
    if (vectors === null) {
      checks.skip('no folder of vectors');
      return;
    }
    checkProofs(checks, join(vectors, 'vectors/merkle/testdata'));
    await checkTessera(checks, join(vectors, 'vectors/tessera/testdata/log'));
    await checkMirror(checks, join(vectors, 'vectors/sunlight/cmd/skylight/testdata/witness/mirror'));
    checkNotes(checks, join(vectors, 'vectors'));
    await checkWitness(checks, join(vectors, 'vectors/torchwood/cmd/litewitness/testdata/litewitness.txt'));
  },
};

function checkProofs(checks: Checks, folder: string): void {
  for (const kind of Object.keys(PROOFS) as (keyof typeof PROOFS)[])
    for (const name of readdirSync(join(folder, kind), { recursive: true }) as string[]) {
      if (!name.endsWith('.json')) continue;
      const vector = JSON.parse(readFileSync(join(folder, kind, name), 'utf8')) as MerkleVector;
      const accepted = PROOFS[kind](vector, (vector.proof ?? []).map(bytesOf));
      const wanted = !vector.wantErr && !STRICTER.has(`${kind}/${name}`);
      checks.equal(`merkle ${kind}/${name}`, String(accepted), String(wanted));
    }
}

/** Verifiers by the names of the folders. */
const PROOFS = {
  inclusion: ({ leafHash, leafIdx, treeSize, root }, proof) =>
    verifyInclusion(bytesOf(leafHash), leafIdx!, treeSize!, proof, bytesOf(root)),
  consistency: ({ size1, size2, root1, root2 }, proof) =>
    verifyConsistency(size1!, size2!, proof, bytesOf(root1), bytesOf(root2)),
  subtreeinclusion: ({ leafHash, leafIdx, start, end, root }, proof) =>
    verifySubtreeInclusion(bytesOf(leafHash), leafIdx!, start!, end!, proof, bytesOf(root)),
  subtreeconsistency: ({ start, end, size, root1, root2 }, proof) =>
    verifySubtreeConsistency(start!, end!, size!, proof, bytesOf(root1), bytesOf(root2)),
} as const satisfies Record<string, (vector: MerkleVector, proof: readonly Uint8Array[]) => boolean>;

/** Sixteen checkpoints of one growing log, with the tiles of each size. */
async function checkTessera(checks: Checks, folder: string): Promise<void> {
  const key = parseVerifierKey(TESSERA_KEY);
  const sizes = readdirSync(folder)
    .filter((name) => /^checkpoint\.\d+$/.test(name))
    .map((name) => parseCheckpoint(openNote(readFileSync(join(folder, name)), [key]).text))
    .sort((a, b) => a.size - b.size);
  checks.equal('tessera: checkpoints', String(sizes.length), '16');
  for (const [i, { size, root }] of sizes.entries()) {
    const read = hashesIn(folder, size);
    checks.equal(`tessera ${size}: root`, toHex(await readRoot(size, read)), toHex(root));
    await checkEntries(checks, folder, size, root);
    const before = sizes[i - 1];
    if (before === undefined) continue;
    const proof = await proveConsistency(before.size, size, read);
    checks.check(
      `tessera: ${before.size} to ${size}`,
      verifyConsistency(before.size, size, proof, before.root, root),
    );
  }
}

/** The entry bundles of this mirror are placeholders; its tiles are whole. */
async function checkMirror(checks: Checks, folder: string): Promise<void> {
  const { verifier_keys: keys } = JSON.parse(readFileSync(join(folder, 'mirror.v0.json'), 'utf8')) as {
    verifier_keys: string[];
  };
  const log = readdirSync(folder).find((name) => /^[0-9a-f]{64}$/.test(name))!;
  const note = readFileSync(join(folder, log, 'checkpoint'));
  const { size, root } = parseCheckpoint(openNote(note, keys.map(parseVerifierKey)).text);
  const found = await readRoot(size, hashesIn(join(folder, log), size));
  checks.equal(`sunlight mirror, ${size}: root`, toHex(found), toHex(root));
}

/** Every entry of a log smaller than a bundle, proved to be in it. */
async function checkEntries(checks: Checks, folder: string, size: number, root: Uint8Array): Promise<void> {
  if (size === 0) return;
  const read = hashesIn(folder, size);
  const bundle = readFileSync(join(folder, formatTilePath({ level: 'entries', index: 0, width: size })));
  for (const [index, entry] of parseEntryBundle(bundle).entries()) {
    const proof = await proveInclusion(index, size, read);
    checks.check(
      `tessera ${size}: entry ${index}`,
      verifyInclusion(hashLeaf(entry), index, size, proof, root),
    );
  }
}

function hashesIn(folder: string, size: number): HashReader {
  return readHashesFromTiles(size, async (tile) => readFileSync(join(folder, formatTilePath(tile))));
}

function checkNotes(checks: Checks, vectors: string): void {
  const text = (path: string): string => readFileSync(join(vectors, path), 'utf8');
  const sumdb = /go\.sum database tree\n[\s\S]*?\n\n(?:\u2014 .*\n)+/.exec(
    text('torchwood/cmd/litewitness/testdata/sumdb.txt'),
  )?.[0];
  checks.check('sum.golang.org signed its checkpoint', opens(Buffer.from(sumdb ?? ''), [SUMDB_KEY], 1));
  const sigsum = 'interop/sigsum-witness-cosigned';
  const keys = ['log.vkey', 'w.vkey'].map((file) => text(`${sigsum}/${file}`).trim());
  const cosigned = readFileSync(join(vectors, sigsum, 'cosigned'));
  checks.check('sigsum-witness cosigned a checkpoint', opens(cosigned, keys, 2));
  const witness = 'sunlight/cmd/skylight/testdata/witness';
  const { verifier_keys: witnessKeys } = JSON.parse(text(`${witness}/witness.v0.json`)) as {
    verifier_keys: string[];
  };
  const log = readdirSync(join(vectors, witness)).find((name) => /^[0-9a-f]{64}$/.test(name))!;
  checks.check(
    'a Sunlight witness cosigned a checkpoint',
    opens(readFileSync(join(vectors, witness, log, 'checkpoint')), witnessKeys, 1),
  );
}

/**
 * The exchange that litewitness is tested with, against our witness. Two answers differ: an unknown log has been 404 since 2025,
 * 403 before; and the false signature of the second call is base64 with stray bits at its end, which we do not read at all.
 */
async function checkWitness(checks: Checks, file: string): Promise<void> {
  const script = readFileSync(file, 'utf8');
  const [, hex] = /add-sigsum-log -key=([0-9a-f]{64})/.exec(script)!;
  const logKey = fromHex(hex!);
  const origin = `sigsum.org/v1/tree/${createHash('sha256').update(logKey).digest('hex')}`;
  const folder = mkdtempSync(join(tmpdir(), 'phalanx-witness-'));
  const key = signingKeyOf(generateKeyPairSync('ed25519').privateKey);
  try {
    const witness = new Witness({
      logs: [{ origin, verifiers: [makeVerifierKey(origin, SignatureType.ED25519, logKey)] }],
      cosigners: [makeCosigner('example.com/witness', SignatureType.ED25519_COSIGNATURE, key, systemClock)],
      state: new FolderDisk(folder),
    });
    const calls = [
      ...script.matchAll(
        /add-checkpoint\n```\n([\s\S]*?)```\nHTTP (\d+)\n\[Asserts\]\nbody (contains|==) "(.*)"/g,
      ),
    ];
    checks.check('litewitness: calls', calls.length >= 8, () => String(calls.length));
    for (const [i, [, body, status, , text]] of calls.entries()) {
      const answer = await witness.addCheckpoint(utf8(body!));
      const wanted = { 'unknown log': '404', 'invalid signature': '400' }[text!] ?? status!;
      checks.equal(`litewitness: call ${i + 1}`, String(answer.status), wanted);
      if (wanted === '409')
        checks.equal(`litewitness: size ${i + 1}`, answer.body, text!.replace('\\n', '\n'));
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function opens(note: Uint8Array, keys: readonly string[], signatures: number): boolean {
  let opened: OpenedNote;
  try {
    opened = openNote(note, keys.map(parseVerifierKey));
  } catch (error) {
    if (PhalanxError.is(error)) return false;
    throw error;
  }
  return opened.verified.length === signatures;
}

/** Some vectors hold malformed values on purpose; those become bytes of a length that no hash has. */
function bytesOf(base64: string | undefined | null): Uint8Array {
  return fromBase64(base64 ?? '');
}

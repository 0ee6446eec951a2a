import { isDeepStrictEqual } from 'node:util';
import {
  encodePreAuth,
  formatMessageBundle,
  formatStatementBundle,
  verifyStatementBundle,
} from '@phalanx/attestation';
import { PhalanxError } from '@phalanx/core';
import { hashLeaf, verifyTlogProof } from '@phalanx/ledger';
import { mutateBundle } from './bundle-mutations.js';
import type { Checks } from './checks.js';
import { type LoggedStatement, logStatement } from './logged-statement.js';
import type { OpensslAuthority } from './openssl-authority.js';
import {
  type BundleQuestion,
  buildSigstoreGo,
  installSigstoreJs,
  loadSigstoreJs,
  type SigstoreVerifier,
} from './sigstore-verifiers.js';

/** Every 37th bit, so that each of the eight bits has its turn. */
const FLIP_STEP = 37;

/** Bundles of ours before verifiers of others, whole and changed. */
export async function checkBundles(checks: Checks, home: string, authority: OpensslAuthority): Promise<void> {
  const good = await logStatement(home, 'good', authority);
  const other = await logStatement(home, 'other', authority);
  const { parts, trustedRoot } = good;
  const envelope = { bundle: formatStatementBundle(parts), trustedRoot, publicKey: parts.publicKey };
  const message = {
    ...envelope,
    bundle: formatMessageBundle(parts),
    artifact: encodePreAuth(parts.envelope.payloadType, parts.envelope.payload),
  };
  const older = loadSigstoreJs();
  const newer = await installSigstoreJs(home);
  const go = await buildSigstoreGo(home);
  // Which verifier takes what is what the choice of the log entry's kind rests on.
  const [refused, accepted] = older.ask([envelope, message]);
  checks.check(`${older.name}: takes the signature of a message`, accepted === null, () => String(accepted));
  checks.equal(
    `${older.name}: takes no hashedrekord of an envelope`,
    String(refused),
    'refused: digest mismatch',
  );
  const others: SigstoreVerifier[] = [];
  for (const verifier of [newer, go])
    if (typeof verifier === 'string') checks.skip(verifier);
    else {
      others.push(verifier);
      const [answer] = verifier.ask([envelope]);
      checks.check(`${verifier.name}: accepts the bundle`, answer === null, () => String(answer));
    }
  checkMutations(checks, good, other, others);
  checkMessages(checks, older, message);
  checkFlips(checks, good, others);
}

function checkMutations(
  checks: Checks,
  good: LoggedStatement,
  other: LoggedStatement,
  others: readonly SigstoreVerifier[],
): void {
  const mutations = mutateBundle(good, other);
  for (const [name, { bundle, trustedRoot, publicKey }] of mutations)
    checks.check(`ours refuses: ${name}`, !accepts({ ...good, trustedRoot }, bundle, publicKey));
  for (const verifier of others)
    for (const [i, answer] of verifier.ask(mutations.map(([, question]) => question)).entries())
      checks.check(`${verifier.name} refuses: ${mutations[i]![0]}`, answer !== null);
}

/** The older verifier sees the message beside the bundle: one of them changed is refused. */
function checkMessages(
  checks: Checks,
  older: SigstoreVerifier,
  message: BundleQuestion & { artifact: Uint8Array },
): void {
  const flipped = [0, 1, 9, 100, 1000].map((at) => ({
    ...message,
    artifact: flip(message.artifact, at % (message.artifact.length * 8)),
  }));
  for (const answer of older.ask(flipped))
    checks.check(`${older.name} refuses a changed message`, answer !== null);
}

/**
 * One bit of the bundle changed. Ours refuses all. Others let some pass: what nobody signs, such as the hint and the tree size beside the
 * checkpoint, and the bits that the last letter of Base64 has to spare; none may make them accept another statement.
 */
function checkFlips(checks: Checks, good: LoggedStatement, others: readonly SigstoreVerifier[]): void {
  const { parts, trustedRoot } = good;
  const { publicKey } = parts;
  const json = formatStatementBundle(parts);
  const questions: BundleQuestion[] = [];
  for (let bit = 0; bit < json.length * 8; bit += FLIP_STEP)
    questions.push({ bundle: flip(json, bit), trustedRoot, publicKey });
  checks.check('ours accepts the bundle', accepts(good, json, publicKey));
  for (const [i, { bundle }] of questions.entries())
    checks.check(`ours refuses bit ${i * FLIP_STEP} flipped`, !accepts(good, bundle, publicKey));
  const counts = [`ours 0`];
  const statement = claimOf(json);
  for (const { name, ask } of others) {
    let passed = 0;
    for (const [i, answer] of ask(questions).entries()) {
      if (answer === null) passed++;
      checks.check(
        `${name}: bit ${i * FLIP_STEP} flipped changes no claim`,
        answer !== null || isDeepStrictEqual(claimOf(questions[i]!.bundle), statement),
      );
    }
    counts.push(`${name} ${passed}`);
  }
  checks.note(
    `of ${questions.length} single flipped bits of a bundle of ${json.length} bytes were let pass: ${counts.join(', ')}`,
  );
}

/** Type, payload and signature of the statement that a bundle holds. */
function claimOf(bundle: Uint8Array): readonly string[] {
  const { dsseEnvelope } = JSON.parse(Buffer.from(bundle).toString('utf8'));
  const hex = (base64: string): string => Buffer.from(base64, 'base64').toString('hex');
  return [dsseEnvelope.payloadType, hex(dsseEnvelope.payload), hex(dsseEnvelope.signatures[0].sig)];
}

/** What a stranger does: the bundle, then the proof in it under a policy that asks for the witness. */
function accepts(
  { trustedRoot, policy }: LoggedStatement,
  bundle: Uint8Array,
  publicKey: Uint8Array,
): boolean {
  try {
    const { leaf, proof } = verifyStatementBundle(bundle, { trustedRoot, publicKey });
    verifyTlogProof(proof, hashLeaf(leaf), policy);
    return true;
  } catch (error) {
    if (PhalanxError.is(error)) return false;
    throw error;
  }
}

function flip(bytes: Uint8Array, bit: number): Uint8Array {
  const changed = bytes.slice();
  changed[bit >> 3]! ^= 1 << (bit & 7);
  return changed;
}

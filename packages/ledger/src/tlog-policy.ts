import { PhalanxError, toHex } from '@phalanx/core';
import { parseCheckpoint, parseDecimal } from './checkpoint.js';
import { readCosignature } from './cosignature.js';
import type { LedgerErrorCode } from './ledger-error.js';
import { openNote } from './signed-note.js';
import { parseVerifierKey, SignatureType, type VerifierKey } from './verifier-key.js';

/** C2SP tlog-policy: which logs are believed, and whose cosignatures that takes. */
export interface TrustPolicy {
  readonly logs: readonly PolicyKey[];
  /** By the name that the policy gives them, which is not the key's name. */
  readonly witnesses: ReadonlyMap<string, PolicyKey>;
  readonly groups: ReadonlyMap<string, WitnessGroup>;
  /** A witness or a group; null: none is needed. */
  readonly quorum: string | null;
}

export interface PolicyKey {
  readonly key: VerifierKey;
  readonly url: string | null;
}

/** Witnesses a checkpoint when at least `threshold` of its members do. */
export interface WitnessGroup {
  readonly threshold: number;
  readonly members: readonly string[];
}

/** A checkpoint that satisfies a policy. */
export interface Witnessed {
  /** The checkpoint's note text. */
  readonly text: string;
  readonly log: VerifierKey;
  /** Witnesses that cosigned, by their name in the policy, with the seconds since 1970 at which they did. */
  readonly cosigned: ReadonlyMap<string, number>;
}

const MAX_BYTES = 1_000_000;
/** Logs, witnesses and groups together; the specification asks for 32 of each. */
const MAX_DEFINITIONS = 3_000;
const COSIGNATURE_BYTES: Readonly<Record<number, number>> = { 4: 64, 6: 2420 };

/**
 * Reads a policy file. Octets above 0x7f are names and comments like any others, compared byte by byte.
 *
 * @throws PhalanxError `LEDGER_POLICY`, with the number of the line
 */
export function parseTrustPolicy(file: Uint8Array): TrustPolicy {
  if (file.length > MAX_BYTES) throw policyError(0, `${file.length} bytes, more than ${MAX_BYTES}`);
  const logs: PolicyKey[] = [];
  const witnesses = new Map<string, PolicyKey>();
  const groups = new Map<string, WitnessGroup>();
  const members = new Set<string>();
  let quorum: string | null | undefined;
  for (const [number, words] of readLines(file)) {
    const fail = (what: string): never => {
      throw policyError(number, what);
    };
    const define = (name: string | undefined): string => {
      if (name === undefined) return fail('no name');
      if (name === 'none' || witnesses.has(name) || groups.has(name))
        return fail(`${name} is defined already`);
      return name;
    };
    const refer = (name: string | undefined): string => {
      if (name === undefined) return fail('no name');
      return witnesses.has(name) || groups.has(name) ? name : fail(`${name} is not defined above`);
    };
    const [keyword, ...rest] = words;
    if (logs.length + witnesses.size + groups.size > MAX_DEFINITIONS) fail('too many definitions');
    switch (keyword) {
      case 'log': {
        const entry = readKey(number, rest, [SignatureType.ED25519, SignatureType.ML_DSA_44_COSIGNATURE]);
        if (logs.some((other) => isSameKey(other, entry))) fail('the log is listed already');
        logs.push(entry);
        break;
      }
      case 'witness': {
        const name = define(rest[0]);
        const entry = readKey(number, rest.slice(1), [
          SignatureType.ED25519_COSIGNATURE,
          SignatureType.ML_DSA_44_COSIGNATURE,
        ]);
        if ([...witnesses.values()].some((other) => isSameKey(other, entry)))
          fail('the witness is listed already');
        witnesses.set(name, entry);
        break;
      }
      case 'group': {
        const name = define(rest[0]);
        const names = rest.slice(2).map(refer);
        for (const member of names) {
          if (members.has(member)) fail(`${member} is a member already`);
          members.add(member);
        }
        groups.set(name, { threshold: readThreshold(number, rest[1], names.length), members: names });
        break;
      }
      case 'quorum':
        if (quorum !== undefined) fail('a second quorum');
        if (rest.length !== 1) fail('a quorum is one name');
        quorum = rest[0] === 'none' ? null : refer(rest[0]);
        break;
      default:
        fail(`${keyword} is no keyword`);
    }
  }
  if (quorum === undefined) throw policyError(0, 'no quorum');
  return { logs, witnesses, groups, quorum };
}

/**
 * Checks a signed checkpoint: one of the logs signed it under its own origin, and enough witnesses cosigned.
 *
 * @throws PhalanxError `LEDGER_NOTE`, `LEDGER_SIGNATURE`, `LEDGER_UNSIGNED`, `LEDGER_CHECKPOINT`, or `LEDGER_QUORUM`
 */
export function checkPolicy(note: Uint8Array, policy: TrustPolicy): Witnessed {
  const keys = [...policy.logs, ...policy.witnesses.values()].map(({ key }) => key);
  const { text, verified } = openNote(note, keys);
  const { origin } = parseCheckpoint(text);
  const signedBy = new Set(verified.map(({ verifier }) => verifier));
  const log = policy.logs.find(({ key }) => key.keyName === origin && signedBy.has(key))?.key;
  if (!log)
    throw new PhalanxError<LedgerErrorCode>(
      'LEDGER_UNSIGNED',
      `no known log signed the checkpoint of ${origin}`,
      {
        advice: 'Add the log to the policy, or do not use the checkpoint.',
      },
    );
  const cosigned = new Map<string, number>();
  for (const [name, { key }] of policy.witnesses)
    for (const { verifier, signature } of verified) {
      if (verifier !== key) continue;
      const { timestampS } = readCosignature(signature, COSIGNATURE_BYTES[key.type]!)!;
      // Without a time it is no statement that the tree is the largest.
      if (timestampS > 0) cosigned.set(name, Math.max(timestampS, cosigned.get(name) ?? 0));
    }
  const isWitnessed = (name: string): boolean => {
    const group = policy.groups.get(name);
    return group ? group.members.filter(isWitnessed).length >= group.threshold : cosigned.has(name);
  };
  if (policy.quorum !== null && !isWitnessed(policy.quorum))
    throw new PhalanxError<LedgerErrorCode>(
      'LEDGER_QUORUM',
      `${policy.quorum} needs more than the cosignatures of ${[...cosigned.keys()].join(', ') || 'nobody'}`,
      { advice: 'Wait for more witnesses; without them the log may show others another tree.' },
    );
  return { text, log, cosigned };
}

/** Words of each line that has any, with its number from 1. Latin-1 keeps octets apart without reading them as text. */
function* readLines(file: Uint8Array): Generator<[number, string[]]> {
  const text = Buffer.from(file.buffer, file.byteOffset, file.byteLength).toString('latin1');
  for (const [i, line] of text.split('\n').entries()) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the specification forbids exactly these.
    if (/[\u0000-\u0008\u000b-\u001f\u007f]/.test(line)) throw policyError(i + 1, 'a control character');
    const words = line.split(/[ \t]+/).filter((word) => word !== '');
    if (words.length > 0 && !words[0]!.startsWith('#')) yield [i + 1, words];
  }
}

function readKey(line: number, words: readonly string[], types: readonly SignatureType[]): PolicyKey {
  const [text, url, ...rest] = words;
  if (text === undefined || rest.length > 0) throw policyError(line, 'a key and perhaps a URL are expected');
  let key: VerifierKey;
  try {
    key = parseVerifierKey(Buffer.from(text, 'latin1').toString('utf8'));
  } catch (cause) {
    throw policyError(line, (cause as Error).message, cause);
  }
  if (!types.includes(key.type))
    throw policyError(line, `a key of signature type ${key.type} cannot sign here`);
  return { key, url: url ?? null };
}

function readThreshold(line: number, word: string | undefined, members: number): number {
  if (members === 0) throw policyError(line, 'a group needs a threshold and a member');
  const threshold = word === 'all' ? members : word === 'any' ? 1 : parseDecimal(word!);
  if (threshold === null || threshold < 1 || threshold > members)
    throw policyError(line, `${word} is no threshold of ${members} members`);
  return threshold;
}

/** Names and types aside: one key under two names would count twice. */
function isSameKey(a: PolicyKey, b: PolicyKey): boolean {
  return toHex(a.key.publicKey) === toHex(b.key.publicKey);
}

function policyError(line: number, what: string, cause?: unknown): PhalanxError<LedgerErrorCode> {
  return new PhalanxError('LEDGER_POLICY', `policy${line > 0 ? `, line ${line}` : ''}: ${what}`, { cause });
}

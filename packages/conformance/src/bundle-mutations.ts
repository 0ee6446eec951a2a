import { formatStatementBundle } from '@phalanx/attestation';
import { canonicalJson, type Json, toBase64, utf8 } from '@phalanx/core';
import type { LoggedStatement } from './logged-statement.js';
import type { BundleQuestion } from './sigstore-verifiers.js';

type Node = { [member: string]: Node } & Node[];

const ZERO = toBase64(new Uint8Array(32));

/** Bundles about `good` that claim something else than was signed, logged or stamped, each with its name. `other` lends its parts. */
export function mutateBundle(good: LoggedStatement, other: LoggedStatement): [string, BundleQuestion][] {
  const { publicKey } = good.parts;
  const json = formatStatementBundle(good.parts);
  const question = { bundle: json, trustedRoot: good.trustedRoot, publicKey };
  const read = (bytes: Uint8Array): Node => JSON.parse(Buffer.from(bytes).toString('utf8'));
  const theirs = read(formatStatementBundle(other.parts));
  const entryOf = (bundle: Node): Node => bundle.verificationMaterial!.tlogEntries![0]!;
  const edits: [string, (bundle: Node) => void][] = [
    ['payload', (bundle) => put(bundle.dsseEnvelope!, { payload: theirs.dsseEnvelope!.payload! })],
    ['payload type', (bundle) => put(bundle.dsseEnvelope!, { payloadType: 'text/plain' })],
    ['signature', (bundle) => put(bundle.dsseEnvelope!, { signatures: theirs.dsseEnvelope!.signatures! })],
    ['envelope', (bundle) => put(bundle, { dsseEnvelope: theirs.dsseEnvelope! })],
    ['log id', (bundle) => put(entryOf(bundle).logId!, { keyId: ZERO })],
    [
      'index',
      (bundle) =>
        put(entryOf(bundle), {
          logIndex: '638',
          inclusionProof: { ...entryOf(bundle).inclusionProof!, logIndex: '638' },
        }),
    ],
    ['first hash of the proof', (bundle) => put(entryOf(bundle).inclusionProof!.hashes!, { 0: ZERO })],
    ['last hash of the proof', (bundle) => put(entryOf(bundle).inclusionProof!.hashes!, { 9: ZERO })],
    ['fewer hashes', (bundle) => void entryOf(bundle).inclusionProof!.hashes!.pop()],
    ['no proof', (bundle) => void Reflect.deleteProperty(entryOf(bundle), 'inclusionProof')],
    ['no entry', (bundle) => put(bundle.verificationMaterial!, { tlogEntries: [] })],
    [
      'entry of another log',
      (bundle) => put(bundle.verificationMaterial!, { tlogEntries: [entryOf(theirs) as Json] }),
    ],
    [
      'checkpoint of another log',
      (bundle) =>
        put(entryOf(bundle).inclusionProof!, { checkpoint: entryOf(theirs).inclusionProof!.checkpoint! }),
    ],
    [
      'size in the checkpoint',
      (bundle) => editCheckpoint(bundle, (text) => text.replace('\n1000\n', '\n1001\n')),
    ],
    [
      'root in the checkpoint',
      (bundle) => editCheckpoint(bundle, (text) => text.replace(/\n.{43}=\n/, `\n${ZERO}\n`)),
    ],
    [
      'origin of the checkpoint',
      (bundle) => editCheckpoint(bundle, (text) => text.replace('log.example\n', 'log.exampla\n')),
    ],
    [
      'only the witness signed',
      (bundle) => editCheckpoint(bundle, (text) => text.replace(/\u2014 log.example .*\n/, '')),
    ],
    [
      'no time stamp',
      (bundle) => put(bundle.verificationMaterial!, { timestampVerificationData: { rfc3161Timestamps: [] } }),
    ],
    [
      'time stamp of another',
      (bundle) =>
        put(bundle.verificationMaterial!, {
          timestampVerificationData: theirs.verificationMaterial!.timestampVerificationData!,
        }),
    ],
  ];
  const edited = edits.map(([name, edit]): [string, BundleQuestion] => {
    const bundle = read(json);
    edit(bundle);
    return [name, { ...question, bundle: utf8(canonicalJson(bundle as Json)) }];
  });
  return [
    ...edited,
    ['key of another', { ...question, publicKey: other.parts.publicKey }],
    ['trusted root of another', { ...question, trustedRoot: other.trustedRoot }],
  ];

  function editCheckpoint(bundle: Node, edit: (text: string) => string): void {
    const { checkpoint } = entryOf(bundle).inclusionProof!;
    put(checkpoint!, { envelope: edit(String(checkpoint!.envelope)) });
  }
}

function put(node: Node, members: object): void {
  Object.assign(node, members);
}

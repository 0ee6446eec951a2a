import { createHash } from 'node:crypto';
import { toHex } from '@phalanx/core';
import { formatModelStatement, type ModelManifest } from '@phalanx/weights';

/**
 * Bundles made of a good one without a key: bits, members, another payload. Most are refused; some say the same in other words.
 *
 * @param step of the bytes of which a bit is turned
 */
export function mutateBundle(bundle: string, step: number): [name: string, bundle: string][] {
  const mutants: [string, string][] = [];
  const bytes = Buffer.from(bundle);
  for (let at = 0; at < bytes.length; at += step) {
    const flipped = Buffer.from(bytes);
    flipped[at]! ^= 1 << (at % 7);
    mutants.push([`bit ${at % 7} of byte ${at}`, flipped.toString('latin1')]);
  }
  for (const share of [0, 0.25, 0.5, 0.75, 0.99])
    mutants.push([`cut at ${share}`, bundle.slice(0, Math.floor(share * bundle.length))]);
  type Parts = {
    mediaType: unknown;
    verificationMaterial: Record<string, unknown>;
    dsseEnvelope: { payload: unknown; payloadType: unknown; signatures: Record<string, unknown>[] };
  };
  const edit = (name: string, change: (parts: Parts) => unknown) => {
    const parts = JSON.parse(bundle) as Parts;
    const result = change(parts);
    mutants.push([name, JSON.stringify(typeof result === 'object' && result !== null ? result : parts)]);
  };
  edit('untouched', () => null);
  edit('no media type', (b) => void delete (b as Partial<Parts>).mediaType);
  edit('media type 0.1', (b) => void (b.mediaType = 'application/vnd.dev.sigstore.bundle+json;version=0.1'));
  edit('media type 0.4', (b) => void (b.mediaType = 'application/vnd.dev.sigstore.bundle.v0.4+json'));
  edit('no material', (b) => void delete (b as Partial<Parts>).verificationMaterial);
  edit('empty material', (b) => void (b.verificationMaterial = {}));
  edit('no envelope', (b) => void delete (b as Partial<Parts>).dsseEnvelope);
  edit('hint of another', (b) => void (b.verificationMaterial.publicKey = { hint: '0'.repeat(64) }));
  edit('empty hint', (b) => void (b.verificationMaterial.publicKey = { hint: '' }));
  edit('no hint', (b) => void (b.verificationMaterial.publicKey = {}));
  edit('raw key instead of a hint', (b) => void (b.verificationMaterial.publicKey = { rawBytes: 'AAAA' }));
  edit(
    'a chain besides',
    (b) => void (b.verificationMaterial.x509CertificateChain = { certificates: [{ rawBytes: 'AAAA' }] }),
  );
  edit('no log entries', (b) => void delete b.verificationMaterial.tlogEntries);
  edit('unknown member', (b) => void ((b as unknown as Record<string, unknown>).extra = 1));
  edit('other payload type', (b) => void (b.dsseEnvelope.payloadType = 'application/json'));
  edit('no signatures', (b) => void (b.dsseEnvelope.signatures = []));
  edit('empty signature', (b) => void (b.dsseEnvelope.signatures[0]!.sig = ''));
  edit('signature twice', (b) => void b.dsseEnvelope.signatures.push(b.dsseEnvelope.signatures[0]!));
  edit('a bad one before', (b) => void b.dsseEnvelope.signatures.unshift({ sig: 'AAAA', keyid: '' }));
  edit('a bad one after', (b) => void b.dsseEnvelope.signatures.push({ sig: 'AAAA', keyid: '' }));
  edit('no key id', (b) => void delete b.dsseEnvelope.signatures[0]!.keyid);
  edit('key id null', (b) => void (b.dsseEnvelope.signatures[0]!.keyid = null));
  edit('key id of another', (b) => void (b.dsseEnvelope.signatures[0]!.keyid = 'somebody'));
  edit('key id a number', (b) => void (b.dsseEnvelope.signatures[0]!.keyid = 1));
  edit('empty payload', (b) => void (b.dsseEnvelope.payload = ''));
  edit(
    'payload with a space after',
    (b) => void (b.dsseEnvelope.payload = base64(`${text(b.dsseEnvelope.payload)} `)),
  );
  edit(
    'payload of an old version',
    (b) => void (b.dsseEnvelope.payload = base64('{"predicateType":"https://model_signing/Digests/v0.1"}')),
  );
  edit(
    'swapped payload',
    (b) => void (b.dsseEnvelope.payload = base64(text(b.dsseEnvelope.payload).replace('config', 'konfig'))),
  );
  edit('a list', (b) => [b]);
  mutants.push([
    'payload twice, the good one last',
    bundle.replace('"payload":', '"payload":"e30=","payload":'),
  ]);
  mutants.push([
    'payload twice, the good one first',
    bundle.replace('"payloadType":', '"payload":"e30=","payloadType":'),
  ]);
  return mutants;
}

/** Statements that a good key could be made to sign. The root digest is right unless the name says otherwise. */
export function mutateStatement(manifest: ModelManifest): [name: string, statement: string][] {
  const mutants: [string, string][] = [];
  const good = Buffer.from(formatModelStatement(manifest)).toString();
  type Entry = { name: unknown; digest: unknown; algorithm: unknown };
  type Statement = {
    _type: unknown;
    subject: { name: unknown; digest: Record<string, unknown> }[];
    predicateType: unknown;
    predicate: { resources: Entry[]; serialization: Record<string, unknown> };
  };
  const edit = (name: string, change: (statement: Statement) => void, keepRoot = false) => {
    const statement = JSON.parse(good) as Statement;
    change(statement);
    if (!keepRoot) statement.subject[0]!.digest.sha256 = rootOfHex(statement.predicate.resources);
    mutants.push([name, JSON.stringify(statement)]);
  };
  const first = (change: (entry: Entry) => void) => (s: Statement) => change(s.predicate.resources[0]!);
  const tail = manifest.shardBytes === null ? '' : ':0:2';
  for (const name of [
    '../escaped',
    'sub/../../escaped',
    '/etc/passwd',
    '//etc/passwd',
    'C:\\Windows\\win.ini',
    'C:/Windows/win.ini',
    'sub\\a.txt',
    'nul\u0000byte',
    './config.json',
    'sub//a.txt',
    'sub/',
    'sub/./a.txt',
    '',
    '.',
    '..',
    '~/x',
    'file:///etc/passwd',
    '__proto__',
    'constructor',
    'config.json ',
    'CONFIG.JSON',
    '\u202econfig.json',
    'x'.repeat(5_000),
  ])
    edit(
      `name ${JSON.stringify(name.slice(0, 30))}`,
      first((entry) => void (entry.name = `${name}${tail}`)),
    );
  edit('as it is', () => undefined);
  edit(
    'name a number',
    first((entry) => void (entry.name = 1)),
  );
  edit('entries reversed, root over them', (s) => void s.predicate.resources.reverse());
  edit('entries reversed, root as before', (s) => void s.predicate.resources.reverse(), true);
  edit(
    'two digests swapped',
    ({
      predicate: {
        resources: [a, b],
      },
    }) => void ([a!.digest, b!.digest] = [b!.digest, a!.digest]),
  );
  edit('an entry twice', ({ predicate: { resources } }) => void resources.push(resources[0]!));
  edit(
    'a name twice, good digest last',
    ({ predicate: { resources } }) => void resources.unshift({ ...resources[0]!, digest: '00'.repeat(32) }),
  );
  edit(
    'a name twice, good digest first',
    ({ predicate: { resources } }) => void resources.push({ ...resources[0]!, digest: '00'.repeat(32) }),
  );
  edit('an entry less', ({ predicate: { resources } }) => void resources.pop());
  edit('no entries', ({ predicate }) => void (predicate.resources = []));
  edit(
    'digest cut',
    first((entry) => void (entry.digest = String(entry.digest).slice(0, 62))),
  );
  edit(
    'digest longer',
    first((entry) => void (entry.digest = `${entry.digest}00`)),
  );
  edit(
    'digest empty',
    first((entry) => void (entry.digest = '')),
  );
  edit(
    'digest in capitals',
    first((entry) => void (entry.digest = String(entry.digest).toUpperCase())),
  );
  edit(
    'digest no digits',
    first((entry) => void (entry.digest = 'zz'.repeat(32))),
    true,
  );
  edit(
    'algorithm sha512',
    first((entry) => void (entry.algorithm = 'sha512')),
  );
  edit(
    'algorithm blake2b',
    first((entry) => void (entry.algorithm = 'blake2b')),
  );
  edit(
    'no algorithm',
    first((entry) => void delete (entry as Partial<Entry>).algorithm),
  );
  edit(
    'unknown member of an entry',
    first((entry) => void ((entry as unknown as Record<string, unknown>).uri = 'x')),
  );
  edit('hash_type blake3', (s) => void (s.predicate.serialization.hash_type = 'blake3'));
  edit('hash_type md5', (s) => void (s.predicate.serialization.hash_type = 'md5'));
  edit('unknown method', (s) => void (s.predicate.serialization.method = 'tensors'));
  edit(
    'method other',
    (s) => void (s.predicate.serialization.method = manifest.shardBytes === null ? 'shards' : 'files'),
  );
  edit('shard size 0', (s) => void (s.predicate.serialization.shard_size = 0));
  edit('shard size of another', (s) => void (s.predicate.serialization.shard_size = 999));
  edit('no word on links', (s) => void delete s.predicate.serialization.allow_symlinks);
  edit('links allowed', (s) => void (s.predicate.serialization.allow_symlinks = true));
  edit('links a text', (s) => void (s.predicate.serialization.allow_symlinks = 'false'));
  for (const path of ['.', '', '..', '../..', '/', 'sub', 'config.json', 'sub/', '*'])
    edit(`ignores ${JSON.stringify(path)}`, (s) => void (s.predicate.serialization.ignore_paths = [path]));
  edit('ignores all and lists nothing', ({ predicate }) => {
    predicate.serialization.ignore_paths = ['.'];
    predicate.resources = [];
  });
  edit(
    'no serialization',
    ({ predicate }) => void delete (predicate as Partial<typeof predicate>).serialization,
  );
  edit('other type', (s) => void (s._type = 'https://in-toto.io/Statement/v0.1'));
  edit('other predicate', (s) => void (s.predicateType = 'https://example.com/v1'));
  edit('predicate v1.1', (s) => void (s.predicateType = 'https://model_signing/signature/v1.1'));
  edit('old predicate', (s) => void (s.predicateType = 'https://model_signing/Digests/v0.1'));
  edit('two subjects', (s) => void s.subject.push(s.subject[0]!));
  edit('no name of the model', (s) => void delete (s.subject[0] as { name?: unknown }).name);
  edit('root of another', (s) => void (s.subject[0]!.digest.sha256 = '00'.repeat(32)), true);
  edit('root in capitals', (s) => void (s.subject[0]!.digest.sha256 = manifest.root.toUpperCase()), true);
  edit('no root', (s) => void (s.subject[0]!.digest = {}), true);
  mutants.push(['member twice', good.replace('"resources":', '"resources":[],"resources":')]);
  mutants.push(['no JSON', good.slice(0, -1)]);
  mutants.push(['NaN', good.replace('"allow_symlinks":false', '"allow_symlinks":NaN')]);
  mutants.push(['a list', `[${good}]`]);
  mutants.push(['nested', `${'['.repeat(5_000)}${']'.repeat(5_000)}`]);
  return mutants;
}

function rootOfHex(resources: readonly { digest: unknown }[]): string {
  return toHex(digestOf(Buffer.from(resources.map(({ digest }) => String(digest)).join(''), 'hex')));
}

function digestOf(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest();
}

function base64(payload: string): string {
  return Buffer.from(payload).toString('base64');
}

function text(payload: unknown): string {
  return Buffer.from(String(payload), 'base64').toString();
}

import { createHash } from 'node:crypto';
import { PhalanxError, utf8 } from '@phalanx/core';
import { describe, expect, it } from 'vitest';
import { encodeOldPreAuth } from './old-pre-auth.js';
import { parseModelStatement } from './oms-statement.js';

interface Parts {
  names?: string[];
  digest?: string;
  algorithm?: string;
  serialization?: Record<string, unknown>;
  root?: string;
}

function makeStatement({
  names = ['a'],
  digest = '00'.repeat(32),
  algorithm = 'sha256',
  serialization = {},
  root,
}: Parts): Uint8Array {
  const bytes = Buffer.concat(names.map(() => Buffer.from(digest, 'hex')));
  return utf8(
    JSON.stringify({
      _type: 'https://in-toto.io/Statement/v1',
      subject: [{ name: 'm', digest: { sha256: root ?? createHash('sha256').update(bytes).digest('hex') } }],
      predicateType: 'https://model_signing/signature/v1.0',
      predicate: {
        serialization: { method: 'files', hash_type: 'sha256', allow_symlinks: false, ...serialization },
        resources: names.map((name) => ({ name, digest, algorithm })),
      },
    }),
  );
}

function outcomeOf(parts: Parts): string {
  try {
    parseModelStatement(makeStatement(parts));
    return 'ok';
  } catch (error) {
    return PhalanxError.is(error) ? error.code : String(error);
  }
}

const shards = (size: unknown) => ({ method: 'shards', shard_size: size });

describe('a statement of OpenSSF Model Signing', () => {
  it('takes what releases of the reference write', () => {
    expect(outcomeOf({})).toBe('ok');
    expect(outcomeOf({ names: ['.'] })).toBe('ok');
    expect(outcomeOf({ names: ['b', 'a'] })).toBe('ok');
    expect(outcomeOf({ names: ['ab:c:0:10', 'ab:c:10:12'], serialization: shards(10) })).toBe('ok');
    expect(outcomeOf({ names: ['a:0:10'], algorithm: 'sha256-sharded-10', serialization: shards(10) })).toBe(
      'ok',
    );
    expect(
      outcomeOf({ digest: '00'.repeat(64), algorithm: 'blake2b', serialization: { hash_type: 'blake2b' } }),
    ).toBe('ok');
    const ignored = makeStatement({
      serialization: { ignore_paths: ['model.sig', './x/', '../out', '/abs'] },
    });
    expect(parseModelStatement(ignored).ignorePaths).toEqual(['model.sig', 'x']);
  });

  it.each<[string, Parts]>([
    ['a name out of the folder', { names: ['../a'] }],
    ['a name out of the folder, hidden', { names: ['b/../../a'] }],
    ['an absolute name', { names: ['/etc/passwd'] }],
    ['a drive', { names: ['C:\\x'] }],
    ['a backslash', { names: ['a\\b'] }],
    ['a zero byte', { names: ['a\u0000'] }],
    ['an empty part', { names: ['a//b'] }],
    ['a dot', { names: ['./a'] }],
    ['nothing as a name', { names: [''] }],
    ['a name twice', { names: ['a', 'a'] }],
    ['no files', { names: [] }],
    ['a digest too short', { digest: '00'.repeat(31) }],
    ['a digest of another hash', { digest: '00'.repeat(64) }],
    ['a digest in capitals', { digest: 'AB'.repeat(32) }],
    ['another algorithm', { algorithm: 'blake3' }],
    ['an unknown hash', { algorithm: 'md5', serialization: { hash_type: 'md5' } }],
    ['an unknown method', { serialization: { method: 'tensors' } }],
    ['ranges without size', { names: ['a:0:1'], serialization: { method: 'shards' } }],
    ['ranges of no size', { names: ['a:0:1'], serialization: shards(0) }],
    ['a size without ranges', { serialization: { shard_size: 10 } }],
    ['a range without end', { names: ['a:0'], serialization: shards(10) }],
    ['a range out of the folder', { names: ['../a:0:1'], serialization: shards(10) }],
    ['nothing said of links', { serialization: { allow_symlinks: undefined } }],
    ['everything ignored', { serialization: { ignore_paths: ['.'] } }],
    ['a root of other files', { root: '00'.repeat(32) }],
  ])('refuses %s', (_, parts) => {
    expect(outcomeOf(parts)).toBe('WEIGHTS_FORMAT');
  });

  it('stops at a huge list', () => {
    const ignore_paths = Array.from({ length: 10_001 }, (_, i) => `f${i}`);
    expect(outcomeOf({ serialization: { ignore_paths } })).toBe('WEIGHTS_LIMIT');
  });

  it('refuses names twice in the JSON, and other predicates', () => {
    const good = Buffer.from(makeStatement({})).toString();
    for (const [from, to] of [
      ['"resources":', '"resources":[],"resources":'],
      ['signature/v1.0', 'signature/v1.1'],
      ['Statement/v1', 'Statement/v0.1'],
    ] as const)
      expect(() => parseModelStatement(utf8(good.replace(from, to)))).toThrow(PhalanxError);
  });
});

describe('encodeOldPreAuth', () => {
  it('prints bytes as Python does', () => {
    const print = (text: string) =>
      Buffer.from(encodeOldPreAuth('t', Buffer.from(text, 'latin1'))).toString();
    expect(print('{"a":\n"é\\"}')).toBe(`DSSEV1 1 t 11 b'{"a":\\n"\\xe9\\\\"}'`);
    expect(print(`it's`)).toBe(`DSSEV1 1 t 4 b"it's"`);
    expect(print(`'"`)).toBe(`DSSEV1 1 t 2 b'\\'"'`);
    expect(print('\t\r\u0000\u007f')).toBe(`DSSEV1 1 t 4 b'\\t\\r\\x00\\x7f'`);
  });
});

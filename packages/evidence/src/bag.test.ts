import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { PhalanxError, utf8 } from '@phalanx/core';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Bag, type BagLimits } from './bag.js';
import { findPathFault } from './bag-path.js';
import { type BagFile, type BagInfo, writeBag } from './bag-writer.js';

const DAY = new Date(Date.UTC(2026, 10, 22, 23));
const FILES: BagFile[] = [
  { path: 'data/statement.json', content: utf8('{"a":1}') },
  { path: 'data/proofs/1.tlog-proof', content: utf8('proof') },
  { path: 'data/Müller report.pdf', content: new Uint8Array(1_100_000).fill(7) },
  { path: 'data/empty', content: new Uint8Array(0) },
  { path: 'VERIFY.md', content: utf8('how') },
];
const INFO: BagInfo = [
  ['Source-Organization', 'Lab A'],
  ['External-Identifier', 'case 2026-001'],
];
let home: string;
let folder: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'phalanx-bag-'));
  folder = join(home, 'bag');
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

async function verdict(limits?: BagLimits): Promise<string> {
  try {
    await (await Bag.open(folder, limits)).verify();
    return 'valid';
  } catch (error) {
    if (PhalanxError.is(error)) return `${error.code} ${error.message.split(': ').slice(1).join(': ')}`;
    throw error;
  }
}

const put = (path: string, content: string | Uint8Array): void => {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), content);
};
const hashOf = (content: string | Uint8Array): string => createHash('sha256').update(content).digest('hex');
const read = (path: string): string => readFileSync(join(folder, path), 'utf8');

/** Lists again what a test has put there; the tag manifest is right about everything. */
function relist(manifest = read('manifest-sha256.txt')): void {
  put('manifest-sha256.txt', manifest);
  const tags = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .filter((path) => !path.startsWith('data/') && path !== 'tagmanifest-sha256.txt');
  put(
    'tagmanifest-sha256.txt',
    tags.map((path) => `${hashOf(readFileSync(join(folder, path)))}  ${path}\n`).join(''),
  );
}

describe('a bag', () => {
  it('is written whole and read again', async () => {
    const written = await writeBag(folder, FILES, INFO, DAY);
    expect(written).toMatchObject({ payloadFiles: 4, payloadBytes: 1_100_012 });
    const bag = await Bag.open(folder);
    await bag.verify();
    expect(bag.sha256).toBe(written.sha256);
    expect(bag.info).toEqual([...INFO, ['Bagging-Date', '2026-11-22'], ['Payload-Oxum', '1100012.4']]);
    for (const { path, content } of FILES)
      expect(Buffer.compare(await bag.read(path, 2_000_000), content as Uint8Array), path).toBe(0);
    expect(read('bagit.txt')).toBe('BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n');
    expect(readdirSync(home)).toEqual(['bag']);
    await expect(bag.read('data/Müller report.pdf', 10)).rejects.toThrow('more than 10');
    await expect(bag.read('data/none', 10)).rejects.toThrow('not listed');
  });

  it('takes content in pieces', async () => {
    const parts = async function* (): AsyncGenerator<Uint8Array> {
      for (let i = 0; i < 10; i++) yield new Uint8Array(1000).fill(i);
    };
    await writeBag(folder, [{ path: 'data/parts', content: parts() }], [], DAY);
    expect(await verdict()).toBe('valid');
    expect((await (await Bag.open(folder)).read('data/parts', 10_000))[9_999]).toBe(9);
  });

  it('is not written over anything, nor left half done', async () => {
    mkdirSync(folder);
    await expect(writeBag(folder, FILES, INFO, DAY)).rejects.toThrow('is there already');
    rmSync(folder, { recursive: true });
    symlinkSync('/nowhere', folder);
    await expect(writeBag(folder, FILES, INFO, DAY)).rejects.toThrow('is there already');
    rmSync(folder);
    const broken = async function* (): AsyncGenerator<Uint8Array> {
      yield utf8('half');
      throw new Error('the disk is gone');
    };
    const files = [...FILES, { path: 'data/broken', content: broken() }];
    await expect(writeBag(folder, files, INFO, DAY)).rejects.toThrow('the disk is gone');
    expect(readdirSync(home)).toEqual([]);
  });

  it('takes no path or label that others would read in another way', async () => {
    const bad = [
      '',
      '/etc/passwd',
      'data/../../x',
      'data/./x',
      'data//x',
      '../x',
      'data/~root',
      'data/a\nb',
      'data/a\rb',
      'data/100%',
      'data/a\\b',
      'data/c:d',
      'data/nul.txt',
      'data/COM1',
      'data/dot.',
      'data/space ',
      'data/e\u0301',
      'data/\u0000',
      'data/\u0085',
      'data/STATEMENT.json',
      'data/statement.json',
      'data/statement.json/x',
      'data/proofs',
      'Data/x',
      'bagit.txt',
      'BAGIT.TXT',
      'fetch.txt',
      'data/straße/x\u007f',
      `data/${'x'.repeat(600)}`,
      `data/${'x/'.repeat(20)}x`,
    ];
    for (const path of bad) {
      await expect(writeBag(folder, [...FILES, { path, content: utf8('x') }], [], DAY), path).rejects.toThrow(
        /path/,
      );
      expect(existsSync(folder)).toBe(false);
    }
    for (const line of [
      ['', 'x'],
      ['a:b', 'x'],
      ['a', 'x\ny'],
      ['a', ' x'],
      ['a', ''],
      ['payload-OXUM', '1.1'],
    ] as const)
      await expect(writeBag(folder, FILES, [line], DAY), line.join()).rejects.toThrow(/label|value/);
    await expect(writeBag(folder, FILES.slice(4), [], DAY)).rejects.toThrow('below data/');
  });
});

describe('a bag of a stranger', () => {
  beforeEach(() => writeBag(folder, FILES, INFO, DAY));

  it('is named with its first bad file', async () => {
    put('data/statement.json', '{"a":2}');
    expect(await verdict()).toMatch(/^EVIDENCE_BAG_ALTERED/);
    await expect((await Bag.open(folder)).verify()).rejects.toThrow('"data/statement.json" is not what');
    put('data/statement.json', '{"a":1} ');
    expect(await verdict()).toContain('Payload-Oxum');
    rmSync(join(folder, 'data/statement.json'));
    expect(await verdict()).toContain('"data/statement.json" is not there');
    put('data/statement.json', '{"a":1}');
    expect(await verdict()).toBe('valid');
    put('data/more', 'x');
    expect(await verdict()).toContain('"data/more" is not listed');
    rmSync(join(folder, 'data/more'));
    put('note.txt', 'x');
    expect(await verdict()).toContain('"note.txt" is not listed');
    rmSync(join(folder, 'note.txt'));
    put('VERIFY.md', 'hew');
    expect(await verdict()).toMatch(/^EVIDENCE_BAG_ALTERED/);
  });

  it('has no links and no special files', async () => {
    rmSync(join(folder, 'data/statement.json'));
    symlinkSync('/etc/hostname', join(folder, 'data/statement.json'));
    expect(await verdict()).toContain('"data/statement.json" is neither file nor folder');
    rmSync(join(folder, 'data/statement.json'));
    execFileSync('mkfifo', [join(folder, 'data/statement.json')]);
    expect(await verdict()).toContain('neither file nor folder');
    rmSync(join(folder, 'data/statement.json'));
    renameSync(join(folder, 'data'), join(home, 'elsewhere'));
    symlinkSync(join(home, 'elsewhere'), join(folder, 'data'));
    expect(await verdict()).toContain('"data" is neither file nor folder');
  });

  it('is not followed out of its folder', async () => {
    const manifest = read('manifest-sha256.txt');
    const hash = hashOf(readFileSync('/etc/hostname'));
    for (const path of [
      '/etc/hostname',
      '../../../etc/hostname',
      'data/../../../../etc/hostname',
      'data/%2e%2e/x',
      '~/x',
      'data\\x',
    ]) {
      relist(`${manifest}${hash}  ${path}\n`);
      expect(await verdict(), path).toMatch(/EVIDENCE_BAG|no hash|no file|not there/);
    }
    relist(manifest);
    put('fetch.txt', 'https://example.com/x 1 data/x\n');
    relist(manifest);
    expect(await verdict()).toContain('fetch.txt');
  });

  it('has one file a name, even where case does not count', async () => {
    const manifest = read('manifest-sha256.txt');
    const [first] = manifest.split('\n');
    relist(`${manifest}${first}\n`);
    expect(await verdict()).toContain('listed twice');
    put('data/STATEMENT.json', 'x');
    relist(`${manifest}${hashOf('x')}  data/STATEMENT.json\n`);
    expect(await verdict()).toContain('in case alone');
    rmSync(join(folder, 'data/STATEMENT.json'));
    put('data/con', 'x');
    relist(`${manifest}${hashOf('x')}  data/con\n`);
    expect(await verdict()).toContain('cannot be a file everywhere');
  });

  it('may have names with line breaks and percent signs only as this profile has them', async () => {
    const manifest = read('manifest-sha256.txt');
    put('data/100%', 'x');
    put('bag-info.txt', 'Contact-Name: A\n  B\n');
    relist(`${manifest}${hashOf('x')}  data/100%25\n`);
    expect(await verdict()).toBe('valid');
    expect((await Bag.open(folder)).info).toEqual([['Contact-Name', 'A B']]);
    relist(`${manifest}${hashOf('x')}  data/100%\n`);
    expect(await verdict()).toContain('no hash, two spaces and a path');
    rmSync(join(folder, 'data/100%'));
    put('data/a\nb', 'x');
    relist(`${manifest}${hashOf('x')}  data/a%0Ab\n`);
    expect(await verdict()).toContain('control character');
  });

  it('has manifests and declarations of one form', async () => {
    const manifest = read('manifest-sha256.txt');
    for (const other of [
      manifest.replace(/^[0-9a-f]{64}/, (hash) => hash.toUpperCase()),
      manifest.replace('  ', ' '),
      manifest.replace('  ', ' *'),
      manifest.replaceAll('\n', '\r\n'),
      manifest.trimEnd(),
      `\n${manifest}`,
      `\ufeff${manifest}`,
      manifest.split('\n').slice(1).join('\n'),
      '',
    ]) {
      relist(other);
      expect(await verdict(), other).toMatch(/^EVIDENCE_BAG/);
    }
    relist(manifest);
    expect(await verdict()).toBe('valid');
    for (const other of ['manifest-md5.txt', 'tagmanifest-sha512.txt', 'Manifest-SHA1.txt']) {
      put(other, '');
      relist(manifest);
      expect(await verdict(), other).toContain('another kind');
      rmSync(join(folder, other));
    }
    put('bagit.txt', 'BagIt-Version: 0.97\nTag-File-Character-Encoding: UTF-8\n');
    relist(manifest);
    expect(await verdict()).toContain('version 1.0');
  });

  it('is read up to a limit', async () => {
    expect(await verdict({ maxFiles: 9 })).toBe('valid');
    expect(await verdict({ maxFiles: 8 })).toContain('more than 8 files');
    expect(await verdict({ maxBytes: 1_100_000 })).toContain('more than 1100000 bytes');
    for (let i = 0; i < 30; i++) mkdirSync(join(folder, `data/${i}`));
    expect(await verdict({ maxFiles: 9 })).toContain('EVIDENCE_LIMIT');
  });

  it('never ends in another error, whatever is in its own files', async () => {
    const names = ['bagit.txt', 'bag-info.txt', 'manifest-sha256.txt', 'tagmanifest-sha256.txt'];
    const original = new Map(names.map((name) => [name, readFileSync(join(folder, name))]));
    const edit = fc.record({
      name: fc.constantFrom(...names),
      at: fc.nat(),
      drop: fc.nat(80),
      put: fc.uint8Array({ maxLength: 80 }),
      relist: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(edit, async (change) => {
        for (const [name, bytes] of original) put(name, bytes);
        const bytes = [...original.get(change.name)!];
        bytes.splice(change.at % bytes.length, change.drop, ...change.put);
        put(change.name, Uint8Array.from(bytes));
        if (change.relist && change.name !== 'tagmanifest-sha256.txt') relist();
        expect(await verdict()).toMatch(/^(?:valid$|EVIDENCE_)/);
      }),
      { numRuns: 200 },
    );
  });

  it('is refused after any change of one bit', async () => {
    const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    const dice = Array.from({ length: 30 }, (_, i) => i * 7_919);
    const { sha256 } = await Bag.open(folder);
    for (const path of paths)
      for (const roll of dice) {
        const bytes = readFileSync(path);
        if (bytes.length === 0) continue;
        const bit = roll % (bytes.length * 8);
        bytes[bit >> 3]! ^= 1 << (bit & 7);
        writeFileSync(path, bytes);
        const isStillOne = (await verdict()) === 'valid' && (await Bag.open(folder)).sha256 === sha256;
        expect(isStillOne, `bit ${bit} of ${path}`).toBe(false);
        bytes[bit >> 3]! ^= 1 << (bit & 7);
        writeFileSync(path, bytes);
      }
    expect(await verdict()).toBe('valid');
  }, 120_000);
});

it('paths that are let in are relative, and stay what they are when they are joined', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('a', 'B', '.', '..', '/', '~', ' ', '%', '\\', 'é', '\n', 'con'), {
        maxLength: 8,
      }),
      (parts) => {
        const path = parts.join('');
        if (findPathFault(path) !== null) return;
        expect(join('/bag', path)).toBe(`/bag/${path}`);
      },
    ),
  );
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openBytesSource } from './byte-source.js';
import { PICKLE_LIMITS, walkPickle } from './pickle.js';
import { openTorch, TORCH_RULES } from './torch.js';
import { JUDGED_CHECKPOINT } from './torch.test.support.js';
import { countNumbers, readRows } from './weight-file.js';
import { makeZip, readZip } from './zip.test.support.js';

const open = (bytes: Uint8Array) => openTorch(openBytesSource(bytes));
const refused = (bytes: Uint8Array, code = 'WEIGHTS_FORMAT') =>
  expect(open(bytes)).rejects.toMatchObject({ code });
const latin1 = (text: string) => Uint8Array.from(Buffer.from(text, 'latin1'));
const walk = (text: string) => walkPickle(latin1(text), TORCH_RULES);
const codeOf = (text: string): string => {
  try {
    walk(text);
    return 'walked';
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe('checkpoints of PyTorch', () => {
  it('are read with views, empty tensors and other formats', async () => {
    const file = await open(JUDGED_CHECKPOINT);
    expect([...file.tensors.keys()]).toEqual(['w', 't', 'h', 'bf', 'z']);
    const read = async (name: string) => {
      const tensor = file.tensors.get(name)!;
      return [...(await file.readNumbers(tensor, 0, countNumbers(tensor)))];
    };
    expect(await read('w')).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect(await read('t')).toEqual([0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11]);
    expect(await read('h')).toEqual([5, 6, 9, 10]);
    expect(await read('bf')).toEqual([0, 1, 2, 3]);
    expect(await read('z')).toEqual([]);
    const turned = file.tensors.get('t')!;
    expect(turned.strides).toEqual([1, 4]);
    expect(turned.source).toBe(file.tensors.get('w')!.source);
    expect([...(await readRows(file, turned, 2, 1))]).toEqual([2, 6, 10]);
    expect([...(await file.readNumbers(turned, 4, 3))]).toEqual([5, 9, 2]);
    await expect(file.readNumbers(turned, 11, 2)).rejects.toMatchObject({ code: 'WEIGHTS_ARGUMENT' });
  });

  it('are read from compressed archives, within a limit', async () => {
    const entries = await readZip(JUDGED_CHECKPOINT);
    const file = await open(makeZip(entries, { deflate: true }));
    expect([...(await file.readNumbers(file.tensors.get('t')!, 0, 3))]).toEqual([0, 4, 8]);
    // A bomb says what it is: 1 GiB of zeros in a thousandth of that. One that lies is stopped at what it said.
    await refused(makeZip(entries, { deflate: true, sizes: { 'archive/data/0': 2 ** 30 } }), 'WEIGHTS_LIMIT');
    const lying = await open(
      makeZip(entries, {
        deflate: true,
        sizes: { 'archive/data/0': 48 },
        contents: { 'archive/data/0': new Uint8Array(1e6) },
      }),
    );
    await expect(lying.readNumbers(lying.tensors.get('w')!, 0, 1)).rejects.toMatchObject({
      code: 'WEIGHTS_FORMAT',
    });
  });

  it('are read from archives with places in 64 bits', async () => {
    const entries = await readZip(JUDGED_CHECKPOINT);
    const file = await open(makeZip(entries, { wide: true }));
    expect([...(await file.readNumbers(file.tensors.get('w')!, 9, 3))]).toEqual([9, 10, 11]);
    // An end of 32 bits that says something else than the one of 64.
    await refused(makeZip(entries, { wide: true, changeEnd: (end) => end.writeUInt16LE(1, 10) }));
  });

  it('are refused where the archive ends twice, elsewhere or not at all', async () => {
    const entries = await readZip(JUDGED_CHECKPOINT);
    const good = makeZip(entries);
    await refused(good.subarray(0, -1));
    await refused(Buffer.concat([good, Buffer.of(0)]));
    await refused(Buffer.concat([Buffer.of(0), good]));
    await refused(makeZip(entries, { changeEnd: (end) => end.writeUInt32LE(0, 16) }));
    await refused(makeZip(entries, { changeEnd: (end) => end.writeUInt16LE(1, 10) }));
    await refused(makeZip(entries, { changeEnd: (end) => end.writeUInt16LE(1, 4) }));
    const twice = Buffer.from(good);
    // The second entry where the first is.
    const second = twice.indexOf('PK\x01\x02', twice.indexOf('PK\x01\x02') + 1);
    twice.writeUInt32LE(0, second + 42);
    await refused(twice);
    const encrypted = Buffer.from(good);
    encrypted.writeUInt16LE(1, encrypted.indexOf('PK\x01\x02') + 8);
    await refused(encrypted);
  });

  it('are refused where archive, pickle and storages disagree', async () => {
    const entries = await readZip(JUDGED_CHECKPOINT);
    await open(makeZip(entries));
    const without = (name: string) => makeZip(new Map([...entries].filter(([key]) => key !== name)));
    await refused(without('archive/data.pkl'));
    await refused(without('archive/data/0'));
    const withEntry = (name: string, bytes: Uint8Array) => makeZip(new Map([...entries, [name, bytes]]));
    await refused(withEntry('other/data.pkl', new Uint8Array(1)));
    await refused(withEntry('archive/code/__torch__.py', new Uint8Array(1)), 'WEIGHTS_EXECUTABLE');
    await refused(withEntry('archive/byteorder', latin1('big')));
    await refused(withEntry('archive/data/0', new Uint8Array(47)));
    await refused(withEntry('archive/data/0', new Uint8Array(49)));
    const pickle = entries.get('archive/data.pkl')!;
    await refused(withEntry('archive/data.pkl', Buffer.concat([pickle, pickle])));
    await refused(withEntry('archive/data.pkl', pickle.subarray(0, -1)));
    const local = makeZip(entries, { localName: 'archive/other.pkl' });
    await refused(local);
  });

  it('never break on a mutated archive', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(JUDGED_CHECKPOINT.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        async (edits) => {
          const bytes = Uint8Array.from(JUDGED_CHECKPOINT);
          for (const [at, value] of edits) bytes[at] = value;
          try {
            const file = await open(bytes);
            for (const tensor of file.tensors.values())
              await file.readNumbers(tensor, 0, countNumbers(tensor));
          } catch (error) {
            expect(error).toMatchObject({
              code: expect.stringMatching(/^WEIGHTS_(FORMAT|LIMIT|EXECUTABLE)$/),
            });
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('pickles', () => {
  it('are walked in every protocol', () => {
    expect(walk("(dp0\nS'a'\np1\nI1\nsS'b'\n(I01\nF-1.5e3\nL12L\nNtp2\ns.").value).toEqual(
      new Map<string, unknown>([
        ['a', 1],
        ['b', [true, -1500, 12, null]],
      ]),
    );
    expect(
      walk(
        '\x80\x02]q\x00(K\x01M\x00\x02J\xff\xff\xff\xff\x8a\x02\x00\x01G?\xe0\x00\x00\x00\x00\x00\x00\x88\x89e.',
      ).value,
    ).toEqual([1, 512, -1, 256, 0.5, true, false]);
    expect(
      walk(
        '\x80\x04\x95\x05\x00\x00\x00\x00\x00\x00\x00\x8c\x01é\x94h\x00\x86.'.replace(
          '\x01é',
          '\x02\xc3\xa9',
        ),
      ).value,
    ).toEqual(['é', 'é']);
    expect(walk('\x80\x02ccollections\nOrderedDict\n](](K\x01K\x02ee\x85R.').value).toEqual(
      new Map([[1, 2]]),
    );
    expect(walk('\x80\x02\x8a\x09\xff\xff\xff\xff\xff\xff\xff\xff\x00.').value).toBe(2n ** 64n - 1n);
    expect(walk('\x8a\x00.').value).toBe(0);
  });

  it('that would run something are told by name, however it would be done', () => {
    for (const text of [
      "cos\nsystem\n(S'true'\ntR.",
      'cos\nsystem\n0N.',
      "(S'true'\nios\nsystem\n.",
      '\x80\x04\x8c\x02os\x8c\x06system\x93N.',
      '\x80\x02c__builtin__\neval\n.',
      '\x80\x02ctorch\nload\n.',
      '\x80\x02ccollections\nOrderedDict.fromkeys\n.',
      '\x80\x02ctorch._utils\n_rebuild_tensor\n.',
      '\x80\x02ctorch.storage\n_load_from_bytes\n.',
      '\x80\x02\x82\x01.',
      '\x80\x02\x83\x01\x00.',
      '\x80\x02\x84\x01\x00\x00\x00.',
      '\x80\x02N)\x81.',
      '\x80\x02N)}\x92.',
      '\x80\x02(No.',
      '\x80\x02N)R.',
      '\x80\x02ctorch\nFloatStorage\n)R.',
      '\x80\x02ctorch\nfloat32\n)R.',
      '\x80\x02N}b.',
      '\x80\x02]}b.',
      '\x80\x02ccollections\nOrderedDict\n)R}X\x01\x00\x00\x00aNsb.',
    ])
      expect(codeOf(text), JSON.stringify(text)).toBe('WEIGHTS_EXECUTABLE');
  });

  it('that are broken are refused', () => {
    for (const text of [
      '',
      'N',
      '.',
      'NN.',
      '(.',
      '0.',
      't.',
      '\x80\x06N.',
      'h\x01.',
      'N]a.',
      'Na.',
      ')Na.',
      '}NNs.',
      '}K\x01K\x02sK\x01K\x03s.',
      'X\xff\xff\xff\xffa.',
      '\x8d\xff\xff\xff\xff\xff\xff\xff\xffa.',
      'Ifoo\n.',
      'F1e\n.',
      'S"a\n.',
      'Pid\n.',
      '\xff.',
      'cos.',
      'X\x01\x00\x00\x00\xff.',
      'ccollections\nOrderedDict\nNR.',
      '\x97.',
    ])
      expect(codeOf(text), JSON.stringify(text)).toBe('WEIGHTS_FORMAT');
    expect(codeOf('\x8b\xff\xff\xff\x7f.')).toBe('WEIGHTS_LIMIT');
  });

  it('may not fill the memory', () => {
    expect(codeOf(`${')'.repeat(PICKLE_LIMITS.objects + 1)}.`)).toBe('WEIGHTS_LIMIT');
    expect(codeOf(`${'N0'.repeat(PICKLE_LIMITS.steps / 2 + 1)}.`)).toBe('WEIGHTS_LIMIT');
  });

  it('that hold themselves, or the same thing again and again, are stopped', async () => {
    const within = async (pickle: string) => {
      const entries = await readZip(JUDGED_CHECKPOINT);
      return makeZip(new Map([...entries, ['archive/data.pkl', latin1(pickle)]]));
    };
    await refused(await within('\x80\x02]q\x00h\x00a.'), 'WEIGHTS_LIMIT');
    // Thirty lists, each of which holds the one before twice.
    const memo = (i: number) => String.fromCharCode(i);
    const doubled = Array.from({ length: 30 }, (_, i) => `](h${memo(i)}h${memo(i)}eq${memo(i + 1)}0`);
    await refused(await within(`\x80\x02]q\x000${doubled.join('')}h${memo(30)}.`), 'WEIGHTS_LIMIT');
  });
});

import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBytesSource } from './byte-source.js';
import { writeGguf } from './gguf-writer.js';
import { entryProto, field, modelProto, tensorProto } from './onnx.test.support.js';
import { openWeightSource, openWeights } from './open-weights.js';
import { writeSafetensors } from './safetensors-writer.js';
import { JUDGED_CHECKPOINT } from './torch.test.support.js';
import { splitInnerPath } from './weight-folder.js';
import { collectChunks, makeTensor } from './written-tensor.test.support.js';

const root = mkdtempSync(join(tmpdir(), 'phalanx-weights-'));
const at = (...parts: string[]) => join(root, ...parts);
const put = (path: string, bytes: Uint8Array | string) => {
  mkdirSync(join(at(path), '..'), { recursive: true });
  writeFileSync(at(path), bytes);
};
const codeOf = async (path: string): Promise<string> => {
  try {
    const file = await openWeights(path);
    await file.close();
    return file.container;
  } catch (error) {
    return (error as { code: string }).code;
  }
};
const numbers = (name: string, ...values: number[]) =>
  makeTensor(name, 'F32', [values.length], Float32Array.from(values));
const safetensors = (...tensors: ReturnType<typeof makeTensor>[]) => collectChunks(writeSafetensors(tensors));
const index = (map: object, metadata: object = {}) => JSON.stringify({ metadata, weight_map: map });

beforeAll(async () => {
  put('sharded/model-1.safetensors', await safetensors(numbers('a', 1, 2), numbers('b', 3)));
  put('sharded/model-2.safetensors', await safetensors(numbers('c', 4, 5)));
  const map = { a: 'model-1.safetensors', b: 'model-1.safetensors', c: 'model-2.safetensors' };
  put('sharded/model.safetensors.index.json', index(map, { total_size: 20 }));
});
afterAll(() => rmSync(root, { recursive: true }));

describe('what a file is', () => {
  it('is seen in its bytes, whatever its name', async () => {
    put('kinds/1', await safetensors(numbers('w', 1)));
    put('kinds/2', await collectChunks(writeGguf([numbers('w', 1)])));
    put('kinds/3', JUDGED_CHECKPOINT);
    put('kinds/4', modelProto(field(5, tensorProto('w', 1, [1], field(9, new Uint8Array(4))))));
    const header = Int32Array.of(123, 1, 1, 1, 1, 1, 1);
    put(
      'kinds/5',
      Buffer.concat([
        new Uint8Array(header.buffer),
        Buffer.alloc(4 * (123 + 2 * 123 + 4 * 123 ** 2 + 3 * 123 + 123 + 2 * 61)),
      ]),
    );
    for (const [name, container] of [
      ['1', 'safetensors'],
      ['2', 'gguf'],
      ['3', 'torch'],
      ['4', 'onnx'],
      ['5', 'llama2c'],
    ] as const)
      expect(await codeOf(at('kinds', name))).toBe(container);
    // A header of 123 bytes begins with a brace, as an index does.
    const padded = Buffer.from('{"w":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}'.padEnd(123));
    put('kinds/6', Buffer.concat([Buffer.from([123, 0, 0, 0, 0, 0, 0, 0]), padded]));
    expect(await codeOf(at('kinds', '6'))).toBe('safetensors');
  });

  it('is said of pickles that are not read, and of nothing else', async () => {
    const legacy = Buffer.from('8002' + '8a0a6cfc9c46f9206aa85019' + '2e' + '80024d01e92e', 'hex');
    put('no/legacy', legacy);
    put(
      'no/legacy-hostile',
      Buffer.concat([legacy, Buffer.from('\x80\x02cos\nsystem\nU\x04true\x85R.', 'latin1')]),
    );
    put('no/text-hostile', "cposix\nsystem\n(S'true'\ntR.");
    put('no/letter', 'call me');
    put('no/empty', '');
    put(
      'no/tar',
      Buffer.concat([Buffer.from('storages'.padEnd(257, '\0')), Buffer.from('ustar'.padEnd(255, '\0'))]),
    );
    put('no/zip', 'PK\x03\x04');
    expect(await codeOf(at('no/legacy'))).toBe('WEIGHTS_FORMAT');
    expect(await codeOf(at('no/legacy-hostile'))).toBe('WEIGHTS_EXECUTABLE');
    expect(await codeOf(at('no/text-hostile'))).toBe('WEIGHTS_EXECUTABLE');
    for (const name of ['letter', 'empty', 'tar', 'zip'])
      expect(await codeOf(at('no', name)), name).toBe('WEIGHTS_FORMAT');
    expect(await codeOf(at('no/absent'))).toBe('WEIGHTS_SOURCE');
    expect(await codeOf('/dev/null')).toBe('WEIGHTS_SOURCE');
  });
});

describe('weights in several files', () => {
  it('are one, from their folder or their index', async () => {
    for (const path of [at('sharded'), at('sharded/model.safetensors.index.json')]) {
      const file = await openWeights(path);
      expect([...file.tensors.keys()]).toEqual(['a', 'b', 'c']);
      expect([...(await file.readNumbers(file.tensors.get('c')!, 1, 1))]).toEqual([5]);
      const stranger = await openWeights(at('sharded/model-1.safetensors'));
      await expect(file.readNumbers(stranger.tensors.get('a')!, 0, 1)).rejects.toMatchObject({
        code: 'WEIGHTS_ARGUMENT',
      });
      await file.close();
      await stranger.close();
    }
  });

  it('are refused where the index does not fit, or leads out', async () => {
    const one = await safetensors(numbers('a', 1));
    const cases: Record<string, string> = {
      missing: index({ a: 'one.safetensors', b: 'one.safetensors' }),
      extra: index({}),
      elsewhere: index({ a: 'absent.safetensors' }),
      up: index({ a: '../one.safetensors' }),
      absolute: index({ a: at('out/one.safetensors') }),
      inner: index({ a: 'x/../../one.safetensors' }),
      backslash: index({ a: '..\\one.safetensors' }),
      number: index({ a: 1 }),
      size: index({ a: 'one.safetensors' }, { total_size: 5 }),
      negative: index({ a: 'one.safetensors' }, { total_size: -4 }),
      itself: index({ a: 'model.index.json' }),
      no: '{"weight_map":[]}',
      twice: '{"weight_map":{"a":"one.safetensors","a":"two.safetensors"}}',
    };
    put('out/one.safetensors', one);
    put('one.safetensors', one);
    for (const [name, text] of Object.entries(cases)) {
      put(`bad/${name}/one.safetensors`, one);
      put(`bad/${name}/model.index.json`, text);
      expect(await codeOf(at('bad', name)), name).toBe(
        name === 'elsewhere' ? 'WEIGHTS_SOURCE' : 'WEIGHTS_FORMAT',
      );
    }
    await expect(openWeightSource(openBytesSource(Buffer.from(cases.size!)))).rejects.toMatchObject({
      code: 'WEIGHTS_ARGUMENT',
    });
  });

  it('may be links into one folder, as hubs keep them, and no other', async () => {
    mkdirSync(at('hub/blobs'), { recursive: true });
    mkdirSync(at('hub/snapshot'), { recursive: true });
    put('hub/blobs/aaa', readFileSync(at('sharded/model-1.safetensors')));
    put('hub/blobs/bbb', readFileSync(at('sharded/model-2.safetensors')));
    put('hub/blobs/ccc', readFileSync(at('sharded/model.safetensors.index.json')));
    symlinkSync('../blobs/aaa', at('hub/snapshot/model-1.safetensors'));
    symlinkSync('../blobs/bbb', at('hub/snapshot/model-2.safetensors'));
    symlinkSync('../blobs/ccc', at('hub/snapshot/model.safetensors.index.json'));
    expect(await codeOf(at('hub/snapshot'))).toBe('safetensors');
    rmSync(at('hub/snapshot/model-2.safetensors'));
    symlinkSync(at('sharded/model-2.safetensors'), at('hub/snapshot/model-2.safetensors'));
    expect(await codeOf(at('hub/snapshot'))).toBe('WEIGHTS_FORMAT');
    const external = field(13, entryProto('location', 'link'));
    put('leak/model.onnx', modelProto(field(5, tensorProto('w', 2, [4], external, field(14, 1)))));
    symlinkSync('/etc/passwd', at('leak/link'));
    expect(await codeOf(at('leak'))).toBe('WEIGHTS_FORMAT');
  });

  it('are found behind an address, beside the index, with its query', async () => {
    const seen: string[] = [];
    const server = createServer((request, response) => {
      seen.push(request.url!);
      const bytes = readFileSync(
        at('sharded', decodeURIComponent(new URL(request.url!, 'http://h').pathname.split('/').at(-1)!)),
      );
      const [from, to] = request.headers.range!.slice(6).split('-').map(Number) as [number, number];
      response.writeHead(206, { 'content-range': `bytes ${from}-${to}/${bytes.length}` });
      response.end(bytes.subarray(from, to + 1));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = server.address() as AddressInfo;
      const file = await openWeights(`http://127.0.0.1:${port}/m/model.safetensors.index.json?k=1`);
      expect([...(await file.readNumbers(file.tensors.get('a')!, 0, 2))]).toEqual([1, 2]);
      expect(new Set(seen)).toEqual(
        new Set([
          '/m/model.safetensors.index.json?k=1',
          '/m/model-1.safetensors?k=1',
          '/m/model-2.safetensors?k=1',
        ]),
      );
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  it('must be named where a folder holds several', async () => {
    put('two/a.gguf', await collectChunks(writeGguf([numbers('w', 1)])));
    expect(await codeOf(at('two'))).toBe('gguf');
    put('two/b.pt', JUDGED_CHECKPOINT);
    expect(await codeOf(at('two'))).toBe('WEIGHTS_ARGUMENT');
    mkdirSync(at('none'));
    expect(await codeOf(at('none'))).toBe('WEIGHTS_FORMAT');
  });
});

describe('paths that a file names', () => {
  it('stay below it', () => {
    expect(splitInnerPath('a/b-1.safetensors')).toEqual(['a', 'b-1.safetensors']);
    expect(splitInnerPath('..a/b..')).toEqual(['..a', 'b..']);
    for (const path of [
      '',
      '/',
      '.',
      '..',
      'a/',
      '/a',
      'a//b',
      './a',
      'a/..',
      '../a',
      'a\\b',
      'c:a',
      'a\0',
      'a\nb',
      'x'.repeat(1_025),
    ])
      expect(() => splitInnerPath(path), path).toThrow(expect.objectContaining({ code: 'WEIGHTS_FORMAT' }));
  });
});

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  type ByteSource,
  chooseAnchors,
  compareSketches,
  encodeSketch,
  openWeightSource,
  openWeights,
  sketchLayer,
  testSharedUnits,
} from '@phalanx/weights';

/** Llama-2-70B by shapes. */
const SHAPE = { width: 8_192, hidden: 28_672, layers: 80, vocabulary: 32_000, keys: 1_024 } as const;

/**
 * Prints T1 on a model of 70B shape whose numbers are made when they are asked for, and a child of it with other low bits: over HTTP
 * ranges, at several samples: bytes, requests, time, memory. With `--disguise` T2 on one layer of it.
 */
export async function benchWeightLineage(args: readonly string[]): Promise<void> {
  const header = makeHeader();
  console.log(`T1 over HTTP ranges, two models of ${(header.sizeBytes / 1e9).toFixed(1)} GB, bf16`);
  for (const sample of [
    { units: 64, groups: 8 },
    { units: 256, groups: 16 },
  ]) {
    let requests = 0;
    const servers = await Promise.all([0, 1].map((child) => serve(header, child, () => requests++)));
    const files = await Promise.all(servers.map(({ url }) => openWeights(url)));
    const start = performance.now();
    const { logP, tests } = await testSharedUnits(files[0]!, files[1]!, {
      ...sample,
      features: sample.units,
    });
    const seconds = (performance.now() - start) / 1000;
    const units = tests.reduce((sum, test) => sum + test.units, 0);
    const matches = tests.reduce((sum, test) => sum + test.matches, 0);
    console.log(
      `  ${sample.units} units, ${sample.groups} layers: p <= 10^${(logP / Math.LN10).toFixed(0)}, ${matches} of ${units}; ${(files[1]!.bytesRead / 2 ** 20).toFixed(1)} MiB of each, ${requests} requests, ${seconds.toFixed(1)} s, ${(process.memoryUsage().rss / 2 ** 20).toFixed(0)} MiB resident`,
    );
    for (const file of files) await file.close();
    for (const { close } of servers) close();
  }
  if (args.includes('--disguise')) await benchSketches(header);
}

async function benchSketches(header: Header): Promise<void> {
  console.log(`T2 on one layer, ${SHAPE.hidden} neurons of ${SHAPE.width}, one thread`);
  const files = await Promise.all([0, 1].map((child) => openWeightSource(makeSource(header, child))));
  const tokens = await chooseAnchors(files[0]!);
  let start = performance.now();
  const lap = () => {
    const seconds = (performance.now() - start) / 1000;
    start = performance.now();
    return `${seconds.toFixed(0)} s`;
  };
  const sketches = [];
  for (const file of files) {
    sketches.push(await sketchLayer(file, 40, tokens));
    console.log(`  sketch: ${lap()}, making the numbers included`);
  }
  const { agreed, neurons } = compareSketches(sketches[0]!, sketches[1]!);
  console.log(`  comparison: ${agreed} of ${neurons}, ${lap()}`);
  console.log(
    `  a sketch is ${encodeSketch(sketches[0]!).length} bytes; ${(process.memoryUsage().rss / 2 ** 20).toFixed(0)} MiB resident`,
  );
}

interface Header {
  readonly bytes: Uint8Array;
  readonly sizeBytes: number;
}

function makeHeader(): Header {
  const { width, hidden, layers, vocabulary, keys } = SHAPE;
  const entries: Record<string, object> = { __metadata__: { n_kv_heads: '8' } };
  let offset = 0;
  const add = (name: string, ...shape: number[]) => {
    const end = offset + 2 * shape.reduce((a, b) => a * b, 1);
    entries[`${name}.weight`] = { dtype: 'BF16', shape, data_offsets: [offset, end] };
    offset = end;
  };
  add('model.embed_tokens', vocabulary, width);
  for (let layer = 0; layer < layers; layer++) {
    const at = `model.layers.${layer}`;
    add(`${at}.input_layernorm`, width);
    add(`${at}.mlp.down_proj`, width, hidden);
    add(`${at}.mlp.gate_proj`, hidden, width);
    add(`${at}.mlp.up_proj`, hidden, width);
    add(`${at}.post_attention_layernorm`, width);
    for (const [part, rows] of [
      ['k', keys],
      ['o', width],
      ['q', width],
      ['v', keys],
    ] as const)
      add(`${at}.self_attn.${part}_proj`, rows, width);
  }
  add('model.norm', width);
  add('lm_head', vocabulary, width);
  const json = Buffer.from(JSON.stringify(entries));
  const bytes = Buffer.alloc(8 + json.length);
  bytes.writeBigUInt64LE(BigInt(json.length));
  bytes.set(json, 8);
  return { bytes, sizeBytes: bytes.length + offset };
}

/** Bytes of a model at any place: bf16 numbers of either sign around 0.02 by a hash of their place; a child has other low bits. */
function makeBytes(
  { bytes: head, sizeBytes }: Header,
  child: number,
  offset: number,
  length: number,
): Uint8Array {
  const out = new Uint8Array(Math.min(length, sizeBytes - offset));
  for (let i = 0; i < out.length; i++) {
    const at = offset + i;
    if (at < head.length) {
      out[i] = head[at]!;
      continue;
    }
    const place = at - head.length;
    const number = place / 2;
    let hash = Math.imul(Math.floor(number) ^ Math.floor(number / 2 ** 32), 0x9e3779b1);
    hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
    hash ^= hash >>> 13;
    // Sign and exponent of 0.008 to 0.03; the low byte is half of the exponent's last bit and the fraction.
    if (place % 2 === 1) out[i] = (hash & 0x80) | 0x3c;
    else out[i] = ((hash >>> 8) & 0xff) ^ (child === 0 ? 0 : (hash >>> 20) & 0x1f);
  }
  return out;
}

function makeSource(header: Header, child: number): ByteSource {
  let bytesRead = 0;
  return {
    name: `made ${child}`,
    sizeBytes: header.sizeBytes,
    get bytesRead() {
      return bytesRead;
    },
    async read(offset, length) {
      bytesRead += length;
      return makeBytes(header, child, offset, length);
    },
    close: async () => {},
  };
}

async function serve(
  header: Header,
  child: number,
  count: () => void,
): Promise<{ url: string; close: () => void }> {
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    count();
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
    const common = { 'accept-ranges': 'bytes', etag: `"${child}"` };
    if (from === undefined || request.method === 'HEAD') {
      response.writeHead(200, { ...common, 'content-length': header.sizeBytes }).end();
      return;
    }
    const last = Math.min(Number(to), header.sizeBytes - 1);
    const body = makeBytes(header, child, Number(from), last - Number(from) + 1);
    response
      .writeHead(206, {
        ...common,
        'content-length': body.length,
        'content-range': `bytes ${from}-${last}/${header.sizeBytes}`,
      })
      .end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/model.safetensors`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

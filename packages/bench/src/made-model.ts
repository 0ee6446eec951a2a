import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ByteSource } from '@phalanx/weights';

/** Llama-2-70B by shapes. */
export const SHAPE = { width: 8_192, hidden: 28_672, layers: 80, vocabulary: 32_000, keys: 1_024 } as const;

/** The header of a model whose numbers are made when they are asked for. */
export interface MadeModel {
  readonly header: Uint8Array;
  readonly sizeBytes: number;
}

/** A safetensors file of 138 GB in bf16. */
export function makeModel(): MadeModel {
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
  return { header: bytes, sizeBytes: bytes.length + offset };
}

/** Words of two bf16 numbers of either sign between 0.008 and 0.03. */
const TABLE = Uint32Array.from({ length: 1 << 21 }, (_, i) => (mix(i) & 0x80ff_80ff) | 0x3c00_3c00);
const STRETCH = 4_096;
const WORD = 4;

/**
 * Bytes of a model at any place: stretches of a table from places drawn by their number, under a mask of their own, so that they cost little more
 * than a copy. A child has other low bits.
 */
function makeBytes(
  { header, sizeBytes }: MadeModel,
  child: boolean,
  offset: number,
  length: number,
): Uint8Array {
  const out = new Uint8Array(Math.min(length, sizeBytes - offset));
  out.set(header.subarray(offset, offset + out.length));
  const start = Math.max(0, header.length - offset);
  if (start >= out.length) return out;
  const place = offset + start - header.length;
  const skipped = place % WORD;
  const words = new Uint32Array(Math.ceil((out.length - start + skipped) / WORD));
  const first = (place - skipped) / WORD;
  for (let i = 0; i < words.length; ) {
    const within = (first + i) % STRETCH;
    const drawn = mix((first + i - within) / STRETCH);
    const from = (drawn >>> 12) + within - i;
    const mask = mix(drawn) & 0x807f_807f;
    const end = Math.min(words.length, i + STRETCH - within);
    for (; i < end; i++) {
      const word = TABLE[from + i]!;
      words[i] = word ^ mask ^ (child ? (word >>> 2) & 0x001f_001f : 0);
    }
  }
  out.set(new Uint8Array(words.buffer, skipped, out.length - start), start);
  return out;
}

function mix(x: number): number {
  let hash = Math.imul(x ^ (x >>> 16), 0x9e3779b1);
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}

export function openMade(model: MadeModel, child: boolean): ByteSource {
  let bytesRead = 0;
  return {
    name: child ? 'made child' : 'made parent',
    sizeBytes: model.sizeBytes,
    get bytesRead() {
      return bytesRead;
    },
    async read(offset, length) {
      bytesRead += length;
      return makeBytes(model, child, offset, length);
    },
    close: async () => {},
  };
}

/** Over HTTP, ranges only. */
export async function serveMade(
  model: MadeModel,
  child: boolean,
  count: () => void,
): Promise<{ url: string; close: () => void }> {
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    count();
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
    const common = { 'accept-ranges': 'bytes', etag: `"${child}"` };
    if (from === undefined || request.method === 'HEAD') {
      response.writeHead(200, { ...common, 'content-length': model.sizeBytes }).end();
      return;
    }
    const last = Math.min(Number(to), model.sizeBytes - 1);
    const body = makeBytes(model, child, Number(from), last - Number(from) + 1);
    response
      .writeHead(206, {
        ...common,
        'content-length': body.length,
        'content-range': `bytes ${from}-${last}/${model.sizeBytes}`,
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

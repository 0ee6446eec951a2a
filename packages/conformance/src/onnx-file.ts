import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BigramModel } from './bigram-model.js';

const FLOAT = 1;
const INT64 = 7;

/**
 * A folder that transformers.js loads as a GPT-2 without layers: its ONNX graph is one `Gather`, logits = table[input_ids].
 * The protobuf is written by hand from onnx.proto (IR version 8, opset 17).
 */
export function writeOnnxFolder({ size, table, tokenizerFile }: BigramModel, folder: string): void {
  mkdirSync(join(folder, 'onnx'), { recursive: true });
  const end = size - 1;
  const config = {
    architectures: ['GPT2LMHeadModel'],
    model_type: 'gpt2',
    vocab_size: size,
    n_embd: 8,
    n_head: 1,
    n_layer: 0,
    n_positions: 2048,
    bos_token_id: end,
    eos_token_id: end,
  };
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
  writeFileSync(
    join(folder, 'generation_config.json'),
    JSON.stringify({ bos_token_id: end, eos_token_id: end }),
  );
  writeFileSync(join(folder, 'tokenizer.json'), tokenizerFile);
  writeFileSync(join(folder, 'onnx', 'model.onnx'), describeModel(size, table));
}

function describeModel(size: number, table: Float32Array): Uint8Array {
  const gather = message([
    [1, 'table'],
    [1, 'input_ids'],
    [2, 'logits'],
    [3, 'gather'],
    [4, 'Gather'],
    // AttributeProto: name, i, type INT.
    [
      5,
      message([
        [1, 'axis'],
        [3, 0],
        [20, 2],
      ]),
    ],
  ]);
  const tensor = message([
    [1, size],
    [1, size],
    [2, FLOAT],
    [8, 'table'],
    [9, new Uint8Array(table.buffer)],
  ]);
  const graph = message([
    [1, gather],
    [2, 'bigram'],
    [5, tensor],
    [11, describeValue('input_ids', INT64, ['batch', 'length'])],
    [11, describeValue('attention_mask', INT64, ['batch', 'total'])],
    [12, describeValue('logits', FLOAT, ['batch', 'length', size])],
  ]);
  return message([
    [1, 8],
    [2, 'phalanx'],
    [7, graph],
    [
      8,
      message([
        [1, ''],
        [2, 17],
      ]),
    ],
  ]);
}

/** ValueInfoProto of a tensor: a dimension has a name or a length. */
function describeValue(name: string, type: number, dimensions: readonly (string | number)[]): Uint8Array {
  const shape = message(
    dimensions.map((dimension) => [1, message([[typeof dimension === 'number' ? 1 : 2, dimension]])]),
  );
  return message([
    [1, name],
    [
      2,
      message([
        [
          1,
          message([
            [1, type],
            [2, shape],
          ]),
        ],
      ]),
    ],
  ]);
}

/** Fields of a protobuf message: numbers as varints, the rest with its length. */
function message(fields: readonly (readonly [number, number | string | Uint8Array])[]): Uint8Array {
  return Buffer.concat(
    fields.flatMap(([field, value]) => {
      if (typeof value === 'number') return [varint(field << 3), varint(value)];
      const bytes = typeof value === 'string' ? Buffer.from(value) : value;
      return [varint((field << 3) | 2), varint(bytes.length), bytes];
    }),
  );
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  bytes.push(rest);
  return Uint8Array.from(bytes);
}

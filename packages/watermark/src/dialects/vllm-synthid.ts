import { z } from 'zod';
import type { Mark } from '../mark.js';
import { PhiloxPrf } from '../prf/philox.js';
import { PhiloxStreamPrf } from '../prf/philox-stream.js';
import { runTournament } from '../schemes/synthid.js';
import { requireWidth } from '../watermark-error.js';

/**
 * Tournament sampling as drafts of vLLM have it (`vllm/v1/watermarking/synthid.py`, in no release up to 0.33): bit l of
 * the Philox word of context and token is layer l. Drafts differ in the word's stream, so it is a parameter and not
 * settled: `plain`, stream 0, the word that Gumbel-max draws (drafts with at most 32 layers); `synt`, the later one,
 * where the stream's high half is "SYNT" and the low half numbers words of 32 layers.
 * Other drafts hash as Hugging Face does, or derive a key a layer; they are not read.
 */
export const vllmSynthidParameters = z
  .strictObject({
    contextWidth: z.int().min(1).max(16).default(4),
    depth: z.int().min(1).max(64).default(32),
    stream: z.enum(['plain', 'synt']).default('synt'),
  })
  .refine(({ depth, stream }) => stream === 'synt' || depth <= 32, 'a plain stream has at most 32 layers');

const SYNT = 0x53594e54n << 32n;

/** The mark under vLLM's 64-bit key. vLLM pads the start of an answer with -1 and never looks at the prompt. */
export function openVllmSynthid(parameters: z.infer<typeof vllmSynthidParameters>, key: bigint): Mark {
  const { contextWidth, depth } = parameters;
  const size = Math.ceil(depth / 32);
  const streams =
    parameters.stream === 'plain'
      ? [new PhiloxPrf(key)]
      : Array.from({ length: size }, (_, word) => new PhiloxStreamPrf(key, SYNT | BigInt(word)));
  const last = depth % 32 === 0 ? 0xffffffff : 2 ** (depth % 32) - 1;
  const interleave = (words: readonly Uint32Array[]) =>
    Uint32Array.from({ length: words[0]!.length * size }, (_, i) => {
      const word = words[i % size]![Math.floor(i / size)]!;
      return i % size === size - 1 ? word & last : word;
    });
  return {
    pivot: { kind: 'layers', layers: depth },
    contextWidth,
    padding: -1,
    unit: 'context',
    read: (ngrams) => {
      requireWidth(ngrams, contextWidth);
      return Float64Array.from(interleave(streams.map((prf) => prf.readNgrams(ngrams))));
    },
    reshape: (context, candidates) => {
      const words = interleave(streams.map((prf) => prf.readTokens(context, candidates.tokens)));
      runTournament(candidates, words, depth, 2);
    },
  };
}

import { z } from 'zod';
import type { MarkTest } from '../detect/log-p.js';
import type { Mark } from '../mark.js';
import type { Ngrams } from '../ngrams.js';
import { SynthidTablePrf } from '../prf/synthid-table.js';
import { drawTorchIntegers } from '../prf/torch-generator.js';
import { runTournament } from '../schemes/synthid.js';
import { descendingWeights, SynthidTableNull } from '../schemes/synthid-null.js';
import { requireWidth } from '../watermark-error.js';

/**
 * Tournament sampling as Hugging Face transformers 5.23 emits it (`SynthIDTextWatermarkLogitsProcessor` in
 * `generation/logits_process.py`), and synthid-text up to 0.2.1 from PyPI, which has more than two leaves besides.
 *
 * `tableSize`: upstream's default is 65,536; other powers of two up to 2^20 are read, other sizes refused, since then
 * the hash is no circle. `skipFirst`: `skip_first_ngram_calls`; without it the engine takes zeros for the context of an
 * answer's first tokens, whatever the prompt was. `keySpace`: how many numbers each key was drawn from, 0 upwards;
 * at least the table's size unless the operator drew smaller ones, as upstream's example does (below 1,000).
 */
export const hfSynthidParameters = z.strictObject({
  ngramLength: z.int().min(2).max(17).default(5),
  tableSize: z.literal([2 ** 12, 2 ** 14, 2 ** 16, 2 ** 18, 2 ** 20]).default(2 ** 16),
  tableSeed: z.int().min(0).max(Number.MAX_SAFE_INTEGER).default(0),
  leaves: z.int().min(2).max(16).default(2),
  skipFirst: z.boolean().default(false),
  keySpace: z
    .int()
    .min(1)
    .max(2 ** 32)
    .optional(),
});

type Parameters = z.infer<typeof hfSynthidParameters>;

/**
 * The mark under a list of 1 to 64 keys, one a layer. The hash keeps no more than the table's size of an n-gram, so the
 * bits of a text are not independent, and their sum is not binomial: use `test`.
 *
 * @throws PhalanxError `MARK_KEY` unless there are 1 to 64 keys of 64 bits, signed.
 */
export function openHfSynthid(parameters: Parameters, keys: readonly bigint[]): Mark {
  const prf = new SynthidTablePrf(keys, flipTable(parameters));
  const contextWidth = parameters.ngramLength - 1;
  return {
    pivot: { kind: 'layers', layers: prf.depth },
    contextWidth,
    padding: parameters.skipFirst ? null : 0,
    unit: 'context',
    read: (ngrams) => {
      requireWidth(ngrams, contextWidth);
      return Float64Array.from(prf.readCells(prf.findCells(ngrams)));
    },
    test: (ngrams) => openHfSynthidTest(parameters, ngrams, prf.depth)(keys),
    reshape: (context, candidates) => {
      const words = prf.readCells(prf.findTokenCells(context, candidates.tokens));
      runTournament(candidates, words, prf.depth, parameters.leaves);
    },
  };
}

/**
 * The exact test of any key of `depth` layers on these n-grams, weighted from 10 for the first layer to 1 for the last.
 * What depends on the text is computed once; then a key costs a look-up a layer.
 */
export function openHfSynthidTest(
  parameters: Parameters,
  ngrams: Ngrams,
  depth: number,
): (keys: readonly bigint[]) => MarkTest {
  requireWidth(ngrams, parameters.ngramLength - 1);
  const table = flipTable(parameters);
  const cells = new SynthidTablePrf([0n], table).findCells(ngrams);
  const law = new SynthidTableNull(cells, table, descendingWeights(depth), parameters.keySpace);
  return (keys) => law.test(new SynthidTablePrf(keys, table).offsets);
}

/** `torch.randint(0, 2, (size,))`; torch keeps the low 32 bits of a seed. */
function flipTable({ tableSeed, tableSize }: Parameters): Uint8Array {
  return Uint8Array.from(drawTorchIntegers(tableSeed % 2 ** 32, 2, tableSize));
}

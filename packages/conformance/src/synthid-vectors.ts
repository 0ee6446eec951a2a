import { readFileSync } from 'node:fs';
import {
  deepmindSynthidParameters,
  hashRows,
  hfSynthidParameters,
  type Mark,
  maskLikeSynthid,
  openDeepmindSynthid,
  openHfSynthid,
  runTournament,
  SynthidPrf,
} from '@phalanx/watermark';
import type { Checks } from './checks.js';
import { layersOf, unfold } from './synthid-rows.js';

/** Error of the vectors, which torch computed in double precision. */
const TOLERANCE = 1e-9;

interface Vectors {
  readonly ngram_len: number;
  readonly keys: number[];
  readonly ids: number[];
  readonly hf: { g: string[]; ngram_key_hash_first_layer: string[]; context_mask: number[] };
  readonly deepmind: { g: string[]; hash_iv: string; context_mask: number[] };
  readonly update_scores: {
    scores: number[];
    g: string[];
    out: number[];
    out_distortionary_3_leaves: number[];
  };
}

/** Every value of `synthid.json`, one check each. */
export function checkSynthidVectors(checks: Checks, path: string): void {
  const vectors = JSON.parse(readFileSync(path, 'utf8')) as Vectors;
  const tokens = Int32Array.from(vectors.ids);
  const ngrams = unfold(tokens, vectors.ngram_len);
  const keys = vectors.keys.map(BigInt);
  const ngramLength = vectors.ngram_len;
  const checkLayers = (name: string, mark: Mark, g: readonly string[]) => {
    const found = layersOf(mark.read(ngrams), keys.length);
    for (const [row, bits] of g.entries())
      checks.equal(`${name} g of n-gram ${row}`, found[row]!.join(''), bits);
  };
  const checkMask = (name: string, start: bigint, expected: readonly number[]) => {
    const mask = maskLikeSynthid(tokens, { ngramLength, history: 1024, start });
    for (const [row, value] of expected.entries())
      checks.equal(`${name} mask of n-gram ${row}`, `${mask[row + ngramLength - 1]}`, `${value}`);
  };

  checkLayers('hf', openHfSynthid(hfSynthidParameters.parse({ ngramLength }), keys), vectors.hf.g);
  checkMask('hf', 1n, vectors.hf.context_mask);
  const hashes = hashRows(ngrams.tokens, ngramLength, 1n);
  vectors.hf.ngram_key_hash_first_layer.forEach((expected, row) => {
    const [hash] = hashRows(Int32Array.of(Number(keys[0])), 1, hashes[row]!);
    checks.equal(`hf hash of n-gram ${row}`, `${BigInt.asIntN(64, hash!)}`, expected);
  });

  const { start } = new SynthidPrf(keys);
  checks.equal('deepmind start of the hash', `${start}`, vectors.deepmind.hash_iv);
  const deepmind = openDeepmindSynthid(deepmindSynthidParameters.parse({ ngramLength }), keys);
  checkLayers('deepmind', deepmind, vectors.deepmind.g);
  checkMask('deepmind', start, vectors.deepmind.context_mask);

  const { scores, g, out, out_distortionary_3_leaves } = vectors.update_scores;
  const words = Uint32Array.from(g, (bits) => Number.parseInt([...bits].reverse().join(''), 2));
  for (const [leaves, expected] of [
    [2, out],
    [3, out_distortionary_3_leaves],
  ] as const) {
    const logProbabilities = Float64Array.from(scores);
    runTournament({ tokens: Int32Array.from(scores.keys()), logProbabilities }, words, 30, leaves);
    expected.forEach((value, i) => {
      const error = Math.abs(logProbabilities[i]! - value) / Math.max(1, Math.abs(value));
      checks.check(`update_scores, ${leaves} leaves, token ${i}`, error < TOLERANCE, () => `${error}`);
    });
  }
}

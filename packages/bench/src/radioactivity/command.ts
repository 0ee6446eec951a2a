import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { buildBuiltInSources, encodeWords } from '@phalanx/testing';
import { badArgument } from '../hydrabench/split.js';
import { measureCleanStudents } from './clean-students.js';
import { measureDoseCurve } from './dose-curve.js';
import { SCHEMES } from './schemes.js';

const VOCABULARY = 1024;

/**
 * `radioactivity [--text FILE] [--schemes kgw,gumbel,synthid] [--seeds 5] [--keys 250] [--training 60000] [--no-clean]`: students counted on marked and
 * human text in known shares, tested closed and open; then clean students of awkward kinds under many keys. `--text` is JSONL (or .gz) with `text`;
 * without it the texts are those of the built-in grammars.
 */
export async function benchRadioactivity(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      text: { type: 'string' },
      schemes: { type: 'string', default: Object.keys(SCHEMES).join(',') },
      seeds: { type: 'string', default: '5' },
      keys: { type: 'string', default: '250' },
      training: { type: 'string', default: '60000' },
      'no-clean': { type: 'boolean', default: false },
      'no-curve': { type: 'boolean', default: false },
    },
  });
  const raw = values.text === undefined ? writeTexts() : readTexts(values.text);
  const texts = encodeWords(raw, VOCABULARY);
  const tokens = texts.reduce((sum, { length }) => sum + length, 0);
  console.log(
    `${values.text ?? 'built-in grammars'}: ${raw.length} texts, ${tokens} words, vocabulary ${VOCABULARY}`,
  );
  const trainingTokens = count(values.training, '--training');
  for (const name of values.schemes.split(',')) {
    const scheme = SCHEMES[name];
    if (scheme === undefined) throw badArgument(`there is no scheme ${name}: ${Object.keys(SCHEMES)}`);
    const world = { texts, vocabularySize: VOCABULARY, trainingTokens };
    if (!values['no-curve']) measureDoseCurve(scheme, world, count(values.seeds, '--seeds'));
    if (!values['no-clean']) measureCleanStudents(scheme, world, count(values.keys, '--keys'));
  }
}

function writeTexts(): string[] {
  return buildBuiltInSources({ size: 1200 }).flatMap(({ texts }) => texts);
}

function readTexts(path: string): string[] {
  const bytes = readFileSync(path);
  const lines = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8').split('\n');
  return lines.filter((line) => line.trim() !== '').map((line) => String(JSON.parse(line).text));
}

function count(text: string, flag: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw badArgument(`${flag} ${text} is no count`);
  return value;
}

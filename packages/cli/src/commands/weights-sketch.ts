import { PhalanxError } from '@phalanx/core';
import type { LayerSketch } from '@phalanx/weights';
import { type CliErrorCode, ExitCode } from '../cli-error.js';
import { formatCount } from '../figures.js';
import { writeNewFile } from '../new-file.js';
import type { Terminal } from '../terminal.js';
import { readBytes } from './ledger.js';

export interface MakeSketchFlags {
  readonly layer?: string;
  readonly like?: string;
  readonly vocabulary?: string;
  readonly out: string;
  readonly json?: boolean;
}

/**
 * `phalanx weights sketch make`: what the neurons of one layer do to some tokens, without a weight, for another lab to compare with its own.
 * The first chooses layer and tokens; the second gives the first's sketch as `--like`.
 *
 * @throws PhalanxError `CLI_USAGE`, `CLI_FILE`, `WEIGHTS_ARGUMENT`, and what readers throw
 */
export async function makeSketchCommand(
  model: string,
  flags: MakeSketchFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  const { chooseAnchors, encodeSketch, listSketchable, openWeights, sketchLayer } = await import(
    '@phalanx/weights'
  );
  if (flags.like !== undefined && flags.vocabulary !== undefined)
    throw usage('--like brings its tokens; --vocabulary is for the first of the two');
  const like = flags.like === undefined ? null : await readSketch(flags.like);
  const file = await openWeights(model);
  try {
    const layers = listSketchable(file);
    const layer = flags.layer === undefined ? (like?.layer ?? middleOf(layers)) : Number(flags.layer);
    if (layer === undefined || !layers.includes(layer))
      throw usage(
        layers.length === 0
          ? 'no layer of this model can be sketched'
          : `--layer must be one of ${layers[0]} to ${layers.at(-1)}`,
      );
    const vocabulary = flags.vocabulary === undefined ? undefined : readCount(flags.vocabulary);
    const tokens =
      like?.tokens ?? (await chooseAnchors(file, vocabulary === undefined ? {} : { vocabulary }));
    const sketch = await sketchLayer(file, layer, tokens);
    const bytes = encodeSketch(sketch);
    writeNewFile(flags.out, bytes);
    const made = { file: flags.out, layer, neurons: sketch.neurons, tokens: tokens.length };
    terminal.out(
      flags.json
        ? `${JSON.stringify({ ...made, sizeBytes: bytes.length })}\n`
        : `sketch      layer ${layer}, ${formatCount(made.neurons)} neurons, ${made.tokens} tokens, ${formatCount(bytes.length)} bytes: ${flags.out}\n`,
    );
    return ExitCode.OK;
  } finally {
    await file.close();
  }
}

export interface CompareSketchFlags {
  readonly control?: readonly string[];
  readonly json?: boolean;
}

/**
 * `phalanx weights sketch compare`: T2 on two sketches, with others as controls. Exit 1 when neurons are found again.
 *
 * @throws PhalanxError `CLI_FILE`, `WEIGHTS_FORMAT`, `WEIGHTS_ARGUMENT` for sketches of other tokens
 */
export async function compareSketchesCommand(
  [left, right]: readonly [string, string],
  flags: CompareSketchFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  const { compareSketches, DISGUISED_RATE, NOTICED_RATE } = await import('@phalanx/weights');
  const [mine, theirs] = [await readSketch(left), await readSketch(right)];
  const compare = (a: LayerSketch, b: LayerSketch): SketchRate => ({
    agreed: compareSketches(a, b).agreed,
    neurons: Math.min(a.neurons, b.neurons),
  });
  const controls: { file: string; rate: SketchRate }[] = [];
  for (const file of flags.control ?? [])
    controls.push({ file, rate: compare(mine, await readSketch(file)) });
  const rate = compare(mine, theirs);
  const share = rate.agreed / rate.neurons;
  const verdict =
    share >= DISGUISED_RATE
      ? 'neurons found again'
      : share >= NOTICED_RATE
        ? 'neurons found again in part'
        : 'nothing shared seen';
  if (flags.json) terminal.out(`${JSON.stringify({ verdict, ...rate, controls })}\n`);
  else {
    const line = (name: string, text: string) => terminal.out(`${name.padEnd(12)}${text}\n`);
    const show = ({ agreed, neurons }: SketchRate) => `${formatCount(agreed)} of ${formatCount(neurons)}`;
    line('verdict', verdict);
    line('rate', `${show(rate)} neurons by every part the same; no p-value`);
    for (const control of controls) line('control', `${show(control.rate)} in ${control.file}`);
    if (controls.length === 0)
      line(
        'caveat',
        'No control: compare a sketch of another layer, or of a stranger, under the same tokens.',
      );
    line(
      'caveat',
      'Models trained apart on the same text grow some of the same neurons, and one random start gives more.',
    );
  }
  return share >= NOTICED_RATE ? ExitCode.FOUND : ExitCode.OK;
}

interface SketchRate {
  readonly agreed: number;
  /** Of the narrower layer. */
  readonly neurons: number;
}

async function readSketch(path: string): Promise<LayerSketch> {
  const { decodeSketch } = await import('@phalanx/weights');
  return decodeSketch(readBytes(path));
}

function middleOf(layers: readonly number[]): number | undefined {
  return layers[Math.floor(layers.length / 2)];
}

function readCount(text: string): number {
  const count = Number(text);
  if (!Number.isSafeInteger(count) || count < 16) throw usage('--vocabulary must be a count of 16 or more');
  return count;
}

function usage(message: string): PhalanxError<CliErrorCode> {
  return new PhalanxError<CliErrorCode>('CLI_USAGE', message);
}

import { parseArgs } from 'node:util';
import {
  chooseAnchors,
  compareSketches,
  encodeSketch,
  openWeightSource,
  openWeights,
  type SketchComparison,
  sampleNeurons,
  sketchLayer,
  testSharedUnits,
} from '@phalanx/weights';
import { CpuClock } from './cpu-clock.js';
import { type MadeModel, makeModel, openMade, SHAPE, serveMade } from './made-model.js';
import { benchResidualTurn } from './residual-turn.js';

/**
 * Prints T1 on a model of 70B shape whose numbers are made when they are asked for, and a child of it with other low bits: over HTTP
 * ranges, at several samples: bytes, requests, time, memory; then T2 on one layer of it. With `--turn WIDTH` instead the turn between residual
 * streams of that width.
 */
export async function benchWeightLineage(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...args], options: { turn: { type: 'string' } } });
  if (values.turn !== undefined) {
    await benchResidualTurn(Number(values.turn));
    return;
  }
  const model = makeModel();
  console.log(`T1 over HTTP ranges, two models of ${(model.sizeBytes / 1e9).toFixed(1)} GB, bf16`);
  for (const sample of [
    { units: 64, groups: 8 },
    { units: 256, groups: 16 },
  ]) {
    let requests = 0;
    const servers = await Promise.all(
      [false, true].map((child) => serveMade(model, child, () => requests++)),
    );
    const files = await Promise.all(servers.map(({ url }) => openWeights(url)));
    const clock = new CpuClock();
    const { logP, tests } = await testSharedUnits(files[0]!, files[1]!, {
      ...sample,
      features: sample.units,
    });
    const time = clock.lap();
    const units = tests.reduce((sum, test) => sum + test.units, 0);
    const matches = tests.reduce((sum, test) => sum + test.matches, 0);
    console.log(
      `  ${sample.units} units, ${sample.groups} layers: p <= 10^${(logP / Math.LN10).toFixed(0)}, ${matches} of ${units}; ${(files[1]!.bytesRead / 2 ** 20).toFixed(1)} MiB of each, ${requests} requests, ${time}, the servers included`,
    );
    for (const file of files) await file.close();
    for (const { close } of servers) close();
  }
  await benchSketches(model);
}

const LAYER = 40;
const SAMPLE = 2_048;

async function benchSketches(model: MadeModel): Promise<void> {
  console.log(`T2 on one layer, ${SHAPE.hidden} neurons of ${SHAPE.width}, one thread`);
  const files = await Promise.all([false, true].map((child) => openWeightSource(openMade(model, child))));
  const tokens = await chooseAnchors(files[0]!);
  const clock = new CpuClock();
  const sketches = [];
  for (const file of files) {
    sketches.push(await sketchLayer(file, LAYER, tokens));
    console.log(`  sketch by ${tokens.length} tokens: ${clock.lap()}, making the numbers included`);
  }
  const [mine, theirs] = sketches;
  const print = ({ agreed, neurons }: SketchComparison) =>
    console.log(`  comparison: ${agreed} of ${neurons} against ${theirs!.neurons}, ${clock.lap()}`);
  print(compareSketches(sampleNeurons(mine!, SAMPLE), theirs!));
  print(compareSketches(mine!, theirs!));
  console.log(`  a sketch is ${encodeSketch(mine!).length} bytes; ${clock.peak()}`);
}

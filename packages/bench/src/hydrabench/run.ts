import { createSketcher, SKETCH_KEY_BYTES } from '@phalanx/sketch';
import { WorldRecords } from '@phalanx/testing';
import { ABLATIONS, WHOLE } from './ablation.js';
import { readTraffic } from './baselines/traffic.js';
import { buildCell, type RunResult, runDetector } from './cell.js';
import type { CellPlan } from './cells/cell-plan.js';
import type { Materials } from './materials.js';
import { fitPeers, type Peer, runPeer } from './peers.js';

export interface RunOptions {
  readonly cells: readonly CellPlan[];
  readonly materials: Materials;
  /** Worlds a cell; absent: each cell's own number. Seeds are '0', '1', ... */
  readonly seeds?: number;
  readonly alpha?: number;
  /** Content-only and metadata-only columns; default true. Never on null cells, which are for calibration. */
  readonly ablation?: boolean;
  /** Peers on the cells that take them; default true. */
  readonly baselines?: boolean;
  readonly onResult?: (result: RunResult) => void;
}

/** Runs cells one world at a time, so that one world at most is in memory; results come as they are made. */
export async function runHydraBench(options: RunOptions): Promise<RunResult[]> {
  const { cells, materials, ablation = true, baselines = true } = options;
  // One key, so that equal runs give equal figures: it decides hashes, and with them how samples and ties fall.
  const records = new WorldRecords(createSketcher(new Uint8Array(SKETCH_KEY_BYTES).fill(7)));
  const results: RunResult[] = [];
  const keep = (result: RunResult): void => {
    results.push(result);
    options.onResult?.(result);
  };
  let peers: Peer[] | null = null;
  for (const cell of cells)
    for (let seed = 0; seed < (options.seeds ?? cell.seeds); seed++) {
      const built = buildCell(cell, String(seed), materials, records);
      const runs = ablation && cell.group !== 'null' ? [WHOLE, ...ABLATIONS] : [WHOLE];
      for (const { detector, families } of runs)
        keep(
          await runDetector(
            built,
            { families, ...(options.alpha !== undefined && { alpha: options.alpha }) },
            detector,
          ),
        );
      if (!baselines || !cell.baselines) continue;
      peers ??= fitPeers(materials);
      const traffic = readTraffic(built.world);
      for (const peer of peers) keep(runPeer(built, traffic, peer));
    }
  return results;
}

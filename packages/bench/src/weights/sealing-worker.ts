/** One job of `benchWeightSealing` in a process of its own, so that its memory and CPU are its alone. The job comes as JSON. */
import { writeSync } from 'node:fs';
import { openFileSource, openPath, openSealedStream, sealPath, sealSource } from '@phalanx/weights';

/** What is to be done. */
export interface SealingJob {
  /** `seal` and `open` throw away what they give; `seal-file` and `open-file` write it. */
  readonly what: 'seal' | 'open' | 'seal-file' | 'open-file';
  readonly path: string;
  readonly out: string;
  /** A recipient to seal for, an identity to open with. */
  readonly key: string;
}

/** What it took. */
export interface SealingCost {
  readonly bytes: number;
  readonly cpuSeconds: number;
  readonly seconds: number;
  readonly maxResidentMiB: number;
}

async function run({ what, path, out, key }: SealingJob): Promise<SealingCost> {
  const source = await openFileSource(path);
  const bytes = source.sizeBytes;
  const cpu = process.cpuUsage();
  const start = performance.now();
  if (what === 'seal-file') for await (const _ of sealPath(path, out, [key]));
  else if (what === 'open-file') for await (const _ of openPath(path, out, [key]));
  else for await (const _ of what === 'seal' ? sealSource(source, [key]) : openSealedStream(source, [key]));
  const { user, system } = process.cpuUsage(cpu);
  await source.close();
  return {
    bytes,
    cpuSeconds: (user + system) / 1e6,
    seconds: (performance.now() - start) / 1000,
    maxResidentMiB: process.resourceUsage().maxRSS / 1024,
  };
}

writeSync(1, JSON.stringify(await run(JSON.parse(process.argv[2]!) as SealingJob)));

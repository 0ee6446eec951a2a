import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ExchangeBlock } from './exchange-block.js';
import { openTelemetryStore } from './open.js';
import { randomExchanges } from './random-exchanges.test.support.js';

// The victim is a plain Node process, so it runs the built package: `npm test` builds first.
const built = fileURLToPath(new URL('../../dist/', import.meta.url));

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'phalanx-crash-'));
});
afterEach(() => rm(directory, { recursive: true }));

const ROWS_A_BLOCK = 500;

/** Inserts block after block and says so after each acknowledgement. */
const VICTIM = `
  const [path, built, first] = process.argv.slice(1);
  const { openTelemetryStore, ExchangeBlock } = await import(built + 'index.js');
  const { randomExchanges } = await import(built + 'telemetry/random-exchanges.test.support.js');
  const store = await openTelemetryStore({ path });
  for (let seed = Number(first); ; seed++) {
    const block = new ExchangeBlock();
    for (const record of randomExchanges(seed, ${ROWS_A_BLOCK})) block.push(record);
    await store.insertExchanges(block.encode());
    console.log(seed);
  }
`;

describe('kill -9 during inserts', () => {
  it('loses nothing acknowledged and doubles nothing when the rest is written again', async () => {
    expect(existsSync(join(built, 'index.js')), 'build the package first').toBe(true);
    let acknowledged = 0;
    for (const killAfter of [3, 8, 1]) {
      const victim = spawn(process.execPath, [
        '--input-type=module',
        '-e',
        VICTIM,
        directory,
        pathToFileURL(built).href,
        // From the block before the last acknowledged one: the overlap must collapse.
        String(Math.max(1, acknowledged)),
      ]);
      let seen = 0;
      for await (const line of createInterface(victim.stdout)) {
        acknowledged = Number(line);
        // Half way into the next insert, as far as timing can.
        if (++seen === killAfter) setTimeout(() => victim.kill('SIGKILL'), 5 * killAfter);
      }
      if (victim.exitCode === null && victim.signalCode === null) await once(victim, 'exit');
      expect(victim.signalCode).toBe('SIGKILL');
    }

    const store = await openTelemetryStore({ path: directory });
    try {
      const whole = { fromMs: 0, toMs: 4e12 };
      const found = await store.sampleExchanges({ ...whole, draws: [{ share: 1 }] });
      const stored = new Set(found.atMs.map((at, row) => at + Number(found.promptHash[row]! % 1000n) / 1e4));
      for (let seed = 1; seed <= acknowledged; seed++)
        for (const row of randomExchanges(seed, ROWS_A_BLOCK))
          if (!stored.has(row.atMs + Number(row.promptHash % 1000n) / 1e4))
            expect.fail(`a row of acknowledged block ${seed} is gone`);

      const all = new ExchangeBlock();
      for (let seed = 1; seed <= acknowledged + 1; seed++)
        for (const row of randomExchanges(seed, ROWS_A_BLOCK)) all.push(row);
      await store.insertExchanges(all.encode());
      expect(await store.countExchanges(whole)).toBe((acknowledged + 1) * ROWS_A_BLOCK);
      await store.compact();
      expect(await store.countExchanges(whole)).toBe((acknowledged + 1) * ROWS_A_BLOCK);
    } finally {
      await store.close();
    }
  });
});

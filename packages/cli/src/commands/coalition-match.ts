import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SealedSighting, ValueClass } from '@phalanx/coalition/matching';
import { fromBase64, fromUtf8, PhalanxError, systemClock } from '@phalanx/core';
import { z } from 'zod';
import { type CliErrorCode, ExitCode } from '../cli-error.js';
import { openCoalitionPeers, openMatchingClient } from '../coalition-peers.js';
import { loadConfig } from '../config.js';
import { writeNewFile } from '../new-file.js';
import type { Terminal } from '../terminal.js';
import { readBytes } from './ledger.js';

const DAY_MS = 86_400_000;

const rowSchema = z.strictObject({
  class: z.string(),
  value: z.string(),
  /** As `2026-11-20`. */
  day: z.iso.date(),
  count: z.int().min(1),
});
type Row = z.infer<typeof rowSchema>;

/**
 * `phalanx coalition match submit`: values from a file of JSON lines, `{"class":"ip","value":"...","day":"2026-11-20","count":12}`, evaluated by key
 * servers: tokens for level 1, sealed sightings for level 2. The set is declared first. What is sent again in the same epoch changes nothing.
 *
 * @throws PhalanxError `CLI_USAGE`, `CLI_FILE` with the line, `COALITION_LIMIT`, `COALITION_PROOF` naming key servers, `COALITION_MATCHING`
 */
export async function submitMatchCommand(file: string, terminal: Terminal): Promise<ExitCode> {
  const matching = await import('@phalanx/coalition/matching');
  const rows = readRows(file);
  const peers = await openCoalitionPeers(terminal);
  try {
    const client = await openMatchingClient(peers, terminal);
    const { epoch, threshold, place } = await client.terms();
    const values = rows.map((row) => matching.canonicalValue(row.class as ValueClass, row.value));
    const inputs = rows.map((row, i) => matching.matchingInput(row.class as ValueClass, epoch, values[i]!));
    const left = await client.declare(matching.declareSet(setSecret(epoch, terminal), epoch, inputs));
    if (left < inputs.length)
      throw new PhalanxError<CliErrorCode>(
        'CLI_USAGE',
        `${inputs.length} values, ${left} evaluations are left`,
        {
          advice: 'Wait for the next epoch, or send what is new alone.',
        },
      );
    const outputs = await client.evaluate(inputs);
    await client.tellTokens(outputs.map(matching.tokenOfOutput));
    const sealed: SealedSighting[] = outputs.map((output, i) => {
      const { class: name, day, count } = rows[i]!;
      return matching.sealSighting(output, { epoch, threshold }, place, {
        valueClass: name as ValueClass,
        value: values[i]!,
        day: Math.floor(Date.parse(day) / DAY_MS),
        decade: matching.decadeOf(count),
        detail: new Uint8Array(),
      });
    });
    await client.submit(sealed);
    terminal.out(`${JSON.stringify({ epoch, submitted: sealed.length, avoidedServers: client.avoided })}\n`);
    return ExitCode.OK;
  } finally {
    peers.close();
  }
}

/**
 * `phalanx coalition match reveal`: of what this lab has submitted, what enough others have too; a line of JSON each. Exit 1 when there is
 * something.
 */
export async function revealMatchCommand(terminal: Terminal): Promise<ExitCode> {
  const { textOfValue } = await import('@phalanx/coalition/matching');
  const peers = await openCoalitionPeers(terminal);
  try {
    const { shared, unopened, false: wrong } = await (await openMatchingClient(peers, terminal)).revealed();
    for (const { value, valueClass, labs, firstDay, lastDay, isDisputed } of shared) {
      const text = textOfValue(valueClass as ValueClass, fromBase64(value));
      const days = [firstDay, lastDay].map((day) => new Date(day * DAY_MS).toISOString().slice(0, 10));
      terminal.out(`${JSON.stringify({ class: valueClass, value: text, labs, days, isDisputed })}\n`);
    }
    if (unopened > 0)
      terminal.talk(`${unopened} values of enough labs do not open: somebody submits what is false\n`);
    if (wrong > 0) terminal.talk(`${wrong} submissions of this lab are false\n`);
    return shared.length > 0 ? ExitCode.FOUND : ExitCode.OK;
  } finally {
    peers.close();
  }
}

/** `phalanx coalition match lookup`: whether enough labs have seen a value. One evaluation. Exit 1 when they have. */
export async function lookupMatchCommand(name: string, value: string, terminal: Terminal): Promise<ExitCode> {
  const matching = await import('@phalanx/coalition/matching');
  const peers = await openCoalitionPeers(terminal);
  try {
    const client = await openMatchingClient(peers, terminal);
    const { epoch } = await client.terms();
    const input = matching.matchingInput(
      name as ValueClass,
      epoch,
      matching.canonicalValue(name as ValueClass, value),
    );
    const [output] = await client.evaluate([input]);
    const isSeen = await client.lookUp(matching.tokenOfOutput(output!));
    terminal.out(`${JSON.stringify({ class: name, isSeen })}\n`);
    return isSeen ? ExitCode.FOUND : ExitCode.OK;
  } finally {
    peers.close();
  }
}

/** A lab's secret for the tags of its set in an epoch, the same until it ends: 32 bytes in a file of mode 0600 beside `coalition.identity`. */
export function setSecret(epoch: number, terminal: Terminal): Uint8Array {
  const folder = `${loadConfig(terminal.env)['coalition.identity']}.sets`;
  const path = join(folder, `${epoch}.secret`);
  if (!existsSync(path)) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeNewFile(path, randomBytes(32), 0o600);
  }
  return new Uint8Array(readFileSync(path));
}

/** @throws PhalanxError `CLI_FILE` with the first line that is none */
export function readRows(file: string): Row[] {
  const lines = fromUtf8(readBytes(file)).split('\n');
  const today = Math.floor(systemClock.nowMs() / DAY_MS);
  return lines.flatMap((line, i) => {
    if (line.trim() === '') return [];
    let value: unknown = null;
    try {
      value = JSON.parse(line);
    } catch {}
    const read = rowSchema.safeParse(value);
    if (read.success && Date.parse(read.data.day) / DAY_MS <= today + 1) return [read.data];
    throw new PhalanxError<CliErrorCode>(
      'CLI_FILE',
      `${file}, line ${i + 1}: no value with class, day and count`,
      {
        advice: 'As {"class":"ip","value":"198.51.100.3","day":"2026-11-20","count":12}.',
      },
    );
  });
}

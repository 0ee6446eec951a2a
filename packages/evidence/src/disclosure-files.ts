import type { TelemetryLog } from '@phalanx/record';
import { encryptForRecipients } from './age-envelope.js';
import type { AggregateCounts } from './aggregate-claims.js';
import { BUNDLE } from './bundle-layout.js';
import { openPool } from './recorded-pool.js';
import type { DisclosureLevel } from './report/case-file.js';
import type { Staging } from './staging.js';

/** What is opened, and for whom. */
export interface DisclosureRequest {
  readonly telemetry: TelemetryLog;
  readonly disclose: DisclosureLevel;
  /** Whether account ids and client addresses are opened too. */
  readonly names: boolean;
  /** age keys of the expert, for what is not opened to everybody. */
  readonly recipients: readonly string[];
}

/** Plain bytes of one encrypted part: what an expert's machine holds in memory. */
const PART_BYTES = 1 << 26;

/** How many entries are opened at each level. */
export interface OpenedCounts {
  readonly metadata: number;
  readonly text: number;
  readonly encryptedMetadata: number;
}

/** Openings as the level asks for: the sample in clear from `aggregates` on, everything from `metadata` on; text only encrypted. */
export async function stageOpenings(
  staging: Staging,
  request: DisclosureRequest,
  indices: readonly number[],
  sample: ReadonlySet<number>,
  counts: AggregateCounts,
): Promise<OpenedCounts> {
  const { disclose, telemetry, names } = request;
  if (disclose === 'existence') return { metadata: 0, text: 0, encryptedMetadata: 0 };
  const tally = { metadata: 0, text: 0, encryptedMetadata: 0 };
  const metadataParts = new EncryptedParts(staging, request.recipients, BUNDLE.metadata);
  const textParts = new EncryptedParts(staging, request.recipients, BUNDLE.text);
  await staging.putStream(
    BUNDLE.openings,
    (async function* () {
      for await (const { index, metadata, text } of openPool(telemetry, indices, names, counts)) {
        if (metadata !== null) {
          if (disclose !== 'aggregates' || sample.has(index)) {
            tally.metadata++;
            yield metadata;
          }
          if (disclose === 'aggregates') {
            tally.encryptedMetadata++;
            await metadataParts.add(metadata);
          }
        }
        if (disclose === 'text' && text !== null && sample.has(index)) {
          tally.text++;
          await textParts.add(text);
        }
      }
    })(),
  );
  await metadataParts.end();
  await textParts.end();
  return tally;
}

/** Lines gathered into files that each fit into memory. */
class EncryptedParts {
  readonly #staging: Staging;
  readonly #recipients: readonly string[];
  readonly #pathOf: (part: number) => string;
  #lines: Uint8Array[] = [];
  #bytes = 0;
  #parts = 0;

  constructor(staging: Staging, recipients: readonly string[], pathOf: (part: number) => string) {
    this.#staging = staging;
    this.#recipients = recipients;
    this.#pathOf = pathOf;
  }

  async add(line: Uint8Array): Promise<void> {
    if (this.#bytes > 0 && this.#bytes + line.length > PART_BYTES) await this.end();
    this.#lines.push(line);
    this.#bytes += line.length;
  }

  async end(): Promise<void> {
    if (this.#bytes === 0) return;
    const box = await encryptForRecipients(Buffer.concat(this.#lines), this.#recipients);
    this.#staging.put(this.#pathOf(++this.#parts), box);
    this.#lines = [];
    this.#bytes = 0;
  }
}

import type { Readable } from 'node:stream';
import { createSketcher } from '@phalanx/sketch';
import type { Mapping } from './formats/mapping.js';
import { isBatchRequest } from './formats/openai-batch.js';
import { detectFormat, formatByName } from './formats/registry.js';
import { openSource, type Source, STDIN_PATH } from './source.js';
import type { SourceDescription } from './worker-protocol.js';

/** What planning needs of the options of `ingestFiles`. */
export interface PlanOptions {
  readonly sketchKey: Uint8Array;
  readonly format?: string;
  readonly mapping?: Mapping;
  readonly stdin?: Readable;
}

/** A source of this run; null streams are opened when their turn comes. */
export interface Plan {
  readonly path: string;
  readonly sizeBytes: number | null;
  readonly description: SourceDescription | null;
  /** Standard input cannot be opened twice. */
  readonly opened: Source | null;
}

/**
 * Looks at the head of every file and settles how each will be read, before any is.
 *
 * @throws PhalanxError `INGEST_FORMAT_UNKNOWN` or `INGEST_CONTAINER`; the file system's own error.
 */
export async function planSources(files: readonly string[], options: PlanOptions): Promise<Plan[]> {
  const sketcher = createSketcher(options.sketchKey);
  const plans: Plan[] = [];
  if (options.format !== undefined) formatByName(options.format);
  for (const [index, path] of files.entries()) {
    const source = await openSource(path, options.stdin ?? process.stdin);
    let description: SourceDescription | null = null;
    try {
      if (source.firstRow !== '')
        description = {
          index,
          path,
          format: options.mapping ? 'mapping' : (options.format ?? detectFormat(source.sample, path).name),
          mapping: options.mapping ?? null,
          idScope: Buffer.from(sketcher.hash128('first-row', source.firstRow)).toString('hex'),
          header: source.header,
          isParquet: source.container === 'parquet',
          isBatchInput:
            source.compression === 'none' &&
            path !== STDIN_PATH &&
            source.sample.some((row) => isBatchRequest(row)),
        };
    } catch (error) {
      source.close();
      throw error;
    }
    if (path !== STDIN_PATH) source.close();
    plans.push({
      path,
      sizeBytes: source.sizeBytes,
      description,
      opened: path === STDIN_PATH ? source : null,
    });
  }
  return plans;
}

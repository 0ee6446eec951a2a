import { PhalanxError } from '@phalanx/core';
import type { IngestErrorCode } from '../error.js';
import type { Format, Row } from './format.js';
import { helicone } from './helicone.js';
import { langfuse } from './langfuse.js';
import { litellm } from './litellm.js';
import { openaiBatch } from './openai-batch.js';
import { otel } from './otel.js';
import { anthropicPairs, geminiPairs, openaiPairs } from './pairs.js';
import { phalanxAccounts, phalanxExchanges, phalanxInterventions } from './phalanx.js';

/** Every format that can be detected or named. A new one is one file and one line here. */
export const formats: readonly Format[] = [
  litellm,
  otel,
  langfuse,
  helicone,
  openaiBatch,
  openaiPairs,
  anthropicPairs,
  geminiPairs,
  phalanxExchanges,
  phalanxAccounts,
  phalanxInterventions,
];

/** The format of this name. @throws PhalanxError `INGEST_FORMAT_UNKNOWN`, listing the names there are. */
export function formatByName(name: string): Format {
  const found = formats.find((format) => format.name === name);
  if (found !== undefined) return found;
  throw new PhalanxError<IngestErrorCode>('INGEST_FORMAT_UNKNOWN', `no format is called "${name}"`, {
    advice: `known formats: ${formats.map((format) => format.name).join(', ')}`,
  });
}

/** Below this mean score no format is believed. */
const MIN_SCORE = 0.5;
/** The best must lead the second by this much. */
const MIN_LEAD = 0.1;

/**
 * The format that the first rows of a file speak, by mean score.
 *
 * @param where the file's name, for the error
 * @throws PhalanxError `INGEST_FORMAT_UNKNOWN` when none fits or two fit alike; it lists the columns seen, and the
 *   advice says how to name the format.
 */
export function detectFormat(rows: readonly Row[], where: string): Format {
  const scores = formats
    .map((format) => ({
      format,
      score: rows.reduce((sum, row) => sum + format.detect(row), 0) / Math.max(1, rows.length),
    }))
    .sort((a, b) => b.score - a.score);
  const [best, second] = scores as [(typeof scores)[0], (typeof scores)[0]];
  if (best.score >= MIN_SCORE && best.score - second.score >= MIN_LEAD) return best.format;
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))].slice(0, 24).join(', ').slice(0, 400);
  const close = scores
    .filter(({ score }) => score > 0.2)
    .map(({ format, score }) => `${format.name} ${score.toFixed(2)}`);
  throw new PhalanxError<IngestErrorCode>(
    'INGEST_FORMAT_UNKNOWN',
    `${where}: ${best.score >= MIN_SCORE ? 'more than one format fits' : 'no known format fits'} the first ${rows.length} rows; ` +
      `fields seen: ${columns || 'none'}${close.length === 0 ? '' : `; candidates: ${close.join(', ')}`}`,
    {
      advice: `name it with --format (${formats.map((format) => format.name).join(', ')}) or describe it with --mapping <file>`,
    },
  );
}

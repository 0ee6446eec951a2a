import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { sourceError } from './error.js';
import { groupByStyle } from './style-cell.js';
import { Variation } from './vary.js';

/** `benign` or `attack`: what the corpus was collected as. The simulator uses it only to offer default source lists. */
export type PromptSide = 'benign' | 'attack';

/** A named corpus of prompts of one kind that never runs dry (see `Variation`). */
export class PromptSource {
  readonly name: string;
  readonly side: PromptSide;
  /** Free word for the sort of demand: chat_real, support_q, templ_pipeline, ... */
  readonly kind: string;
  readonly texts: readonly string[];
  #cells: Uint32Array[] | undefined;
  #variation: Variation | undefined;

  /** @throws PhalanxError `TESTING_SOURCE` when `texts` is empty. */
  constructor(name: string, side: PromptSide, kind: string, texts: readonly string[]) {
    if (texts.length === 0) throw sourceError(`prompt source ${name} is empty`);
    this.name = name;
    this.side = side;
    this.kind = kind;
    this.texts = texts;
  }

  get size(): number {
    return this.texts.length;
  }

  /** Prompt indices by style cell, largest cell first. */
  get cells(): readonly Uint32Array[] {
    this.#cells ??= groupByStyle(this.texts);
    return this.#cells;
  }

  /** Prompt `index` >= 0: the corpus itself below `size`, variations of prompt index % size beyond. */
  text(index: number): string {
    if (index < this.size) return this.texts[index]!;
    this.#variation ??= new Variation(this.texts);
    return this.#variation.render(index % this.size, Math.floor(index / this.size));
  }
}

/**
 * Reads every `.jsonl` and `.jsonl.gz` of a folder as one source each, named by its file. Rows need `text`; `side`
 * and `kind` are taken from the first row (default benign, chat_real). Empty texts are skipped.
 *
 * @param names Only these sources, in this order; absent means all, by name.
 * @throws PhalanxError `TESTING_SOURCE` for a missing name or a row that is not JSON with a string `text`.
 */
export function loadPromptFolder(folder: string, names?: readonly string[]): PromptSource[] {
  const files = new Map<string, string>();
  for (const file of readdirSync(folder).sort()) {
    const match = /^(.+)\.jsonl(\.gz)?$/.exec(file);
    if (match) files.set(match[1]!, file);
  }
  return (names ?? [...files.keys()]).map((name) => {
    const file = files.get(name);
    if (file === undefined)
      throw sourceError(`no prompt file ${name}.jsonl or ${name}.jsonl.gz in ${folder}`);
    return parseSource(name, readFileSync(join(folder, file)), file);
  });
}

function parseSource(name: string, bytes: Buffer, file: string): PromptSource {
  const texts: string[] = [];
  let side: PromptSide | undefined;
  let kind = 'chat_real';
  const lines = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8').split('\n');
  lines.forEach((line, index) => {
    if (line === '') return;
    let row: { text?: unknown; side?: unknown; kind?: unknown };
    try {
      row = JSON.parse(line);
    } catch (cause) {
      throw sourceError(`${file}:${index + 1} is not JSON`, cause);
    }
    if (typeof row?.text !== 'string') throw sourceError(`${file}:${index + 1} has no text`);
    if (side === undefined) {
      side = row.side === 'attack' ? 'attack' : 'benign';
      if (typeof row.kind === 'string') kind = row.kind;
    }
    if (row.text.trim() !== '') texts.push(row.text);
  });
  return new PromptSource(name, side ?? 'benign', kind, texts);
}

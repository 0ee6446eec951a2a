import { createHash } from 'node:crypto';
import type { Sketcher } from '@phalanx/sketch';
import { attributionError } from './attribution-error.js';
import { CANDIDATE_FORMS, type CandidateForm, type CandidateRule, cutCandidates } from './candidate-texts.js';
import { Column } from './column.js';
import { HashNumbers } from './hash-numbers.js';
import { SketchList } from './sketch-list.js';

/** One row of a data set as its reader gives it. */
export interface DatasetRow {
  /** Number of the file, from 0. */
  readonly source: number;
  /** Number of the row in its file, from 1. */
  readonly number: number;
  /** The texts that may be responses; a row without one counts as a row. */
  readonly texts: readonly string[];
}

/** Most rows of one run; 52 bytes a row. */
export const MAX_ROWS = 16_000_000;

/** Rows reduced to the sketches of their candidates; no text is kept. */
export class RowSketches {
  readonly sketches = new SketchList();
  readonly #source = new Column(Uint16Array);
  readonly #number = new Column(Uint32Array);
  readonly #digest = new Column(Uint8Array, 32);
  readonly #occurrenceRow = new Column(Uint32Array);
  readonly #occurrenceEntry = new Column(Uint32Array);
  readonly #occurrenceForm = new Column(Uint8Array);
  readonly #whole = new HashNumbers();
  #empty = 0;

  get rows(): number {
    return this.#source.rows;
  }

  /** Rows whose texts differ in more than case, punctuation and spacing. */
  get distinctRows(): number {
    return this.#whole.size;
  }

  /** Rows without a text of the least length. */
  get emptyRows(): number {
    return this.#empty;
  }

  /** Which row has which candidate: columns of equal length, ascending by row. */
  get occurrences(): { readonly row: Uint32Array; readonly entry: Uint32Array; readonly form: Uint8Array } {
    return {
      row: this.#occurrenceRow.values,
      entry: this.#occurrenceEntry.values,
      form: this.#occurrenceForm.values,
    };
  }

  /** Where a row stands, and the SHA-256 of its texts (joined by two line feeds). */
  describe(row: number): { readonly source: number; readonly number: number; readonly digest: Uint8Array } {
    return {
      source: this.#source.values[row]!,
      number: this.#number.values[row]!,
      digest: this.#digest.values.slice(row * 32, row * 32 + 32),
    };
  }

  /** @throws PhalanxError `ATTRIBUTION_LIMIT` above 16 million rows. */
  add({ source, number, texts }: DatasetRow, sketcher: Sketcher, rule: CandidateRule): void {
    const row = this.rows;
    if (row === MAX_ROWS)
      throw attributionError('ATTRIBUTION_LIMIT', `more than ${MAX_ROWS} rows`, {
        advice: 'Attribute the data set in parts.',
      });
    this.#source.push(source);
    this.#number.push(number);
    this.#digest.pushRow(createHash('sha256').update(texts.join('\n\n')).digest());
    let long = false;
    for (const text of texts)
      for (const { form, text: candidate } of cutCandidates(text, rule)) {
        const { hash, minhash } = sketcher.sketchResponse(candidate);
        if (hash === 0n) continue;
        if (form === 'whole') this.#whole.add(hash);
        long = true;
        this.#occurrenceRow.push(row);
        this.#occurrenceEntry.push(this.sketches.add(hash, minhash));
        this.#occurrenceForm.push(CANDIDATE_FORMS.indexOf(form));
      }
    if (!long) this.#empty++;
  }
}

/** The name of a form's number. */
export function nameForm(form: number): CandidateForm {
  return CANDIDATE_FORMS[form]!;
}

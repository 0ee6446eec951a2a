import type { Drawing } from './drawing.js';

/** A piece of a sentence: plain, or set apart as emphasis or as an identifier. */
export type Run = string | { readonly face: 'strong' | 'code'; readonly text: string };

/** A sentence or more. Strings come from data or from this package alike; every rendering escapes them. */
export type Runs = string | readonly Run[];

/** Rows under a caption. `weight` shares out the width of a printed page. */
export interface Table {
  readonly kind: 'table';
  readonly caption: string;
  readonly columns: readonly {
    readonly title: string;
    readonly weight: number;
    readonly align?: 'left' | 'right';
  }[];
  readonly rows: readonly (readonly Runs[])[];
}

/** What a section is made of. */
export type Block =
  | { readonly kind: 'paragraph'; readonly runs: Runs; readonly tone?: 'lead' | 'soft' }
  | { readonly kind: 'heading'; readonly text: string }
  | { readonly kind: 'list'; readonly items: readonly Runs[]; readonly ordered?: boolean }
  | { readonly kind: 'figures'; readonly items: readonly { readonly name: string; readonly value: string }[] }
  | { readonly kind: 'terms'; readonly items: readonly { readonly term: string; readonly is: Runs }[] }
  | { readonly kind: 'commands'; readonly lines: readonly string[] }
  | { readonly kind: 'aside'; readonly title: string; readonly blocks: readonly Block[] }
  /** Something that a person fills in by hand. */
  | { readonly kind: 'blank'; readonly label: string }
  | {
      readonly kind: 'chart';
      readonly title: string;
      readonly note: string;
      readonly draw: (width: number) => Drawing;
      /** The same figures. */
      readonly table: Table;
    }
  | Table;

/** A part with a heading of its own; `id` is an anchor within the page. */
export interface Section {
  readonly id: string;
  readonly title: string;
  readonly blocks: readonly Block[];
}

/** A whole text, independent of how it is set. */
export interface ReportDocument {
  readonly title: string;
  /** Small print above the title: what this is, of whom, of when. */
  readonly eyebrow: string;
  readonly sections: readonly Section[];
  /** On every page. */
  readonly footer: string;
}

/** An identifier: a hash, a path, an account. */
export function code(text: string): Run {
  return { face: 'code', text };
}

/** Words that carry the sentence. */
export function strong(text: string): Run {
  return { face: 'strong', text };
}

/** The text of `runs` without its faces. */
export function plainText(runs: Runs): string {
  if (typeof runs === 'string') return runs;
  return runs.map((run) => (typeof run === 'string' ? run : run.text)).join('');
}

/** A paragraph. */
export function para(runs: Runs, tone?: 'lead' | 'soft'): Block {
  return tone === undefined ? { kind: 'paragraph', runs } : { kind: 'paragraph', runs, tone };
}

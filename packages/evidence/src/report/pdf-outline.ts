import { type PDFDocument, PDFHexString, PDFName, type PDFPage } from 'pdf-lib';

/** A line of the list of contents that readers show beside the pages. */
export interface OutlineEntry {
  readonly title: string;
  readonly page: PDFPage;
  /** Height above the lower edge of the page, in points. */
  readonly y: number;
}

/** Adds a flat outline (ISO 32000-1, 12.3.3). */
export function addOutline(document: PDFDocument, entries: readonly OutlineEntry[]): void {
  if (entries.length === 0) return;
  const { context } = document;
  const root = context.nextRef();
  const refs = entries.map(() => context.nextRef());
  for (const [i, { title, page, y }] of entries.entries()) {
    const item = context.obj({ Parent: root, Dest: [page.ref, 'XYZ', null, Math.round(y), null] });
    item.set(PDFName.of('Title'), PDFHexString.fromText(title));
    if (i > 0) item.set(PDFName.of('Prev'), refs[i - 1]!);
    if (i < refs.length - 1) item.set(PDFName.of('Next'), refs[i + 1]!);
    context.assign(refs[i]!, item);
  }
  context.assign(
    root,
    context.obj({ Type: 'Outlines', First: refs[0]!, Last: refs.at(-1)!, Count: entries.length }),
  );
  document.catalog.set(PDFName.of('Outlines'), root);
}

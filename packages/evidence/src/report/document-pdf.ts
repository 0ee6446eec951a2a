import { createHash } from 'node:crypto';
import { showInvisible, utf8 } from '@phalanx/core';
import { AFRelationship, PDFDocument, PDFHexString, StandardFonts } from 'pdf-lib';
import { PdfBlocks } from './pdf-blocks.js';
import { addOutline, type OutlineEntry } from './pdf-outline.js';
import { PdfPages } from './pdf-pages.js';
import { encodeForPdf, type PdfFonts, PdfTextSetter } from './pdf-text.js';
import type { Block, ReportDocument } from './report-document.js';

/** A file that the PDF carries along. */
export interface PdfAttachment {
  /** File name, ASCII. */
  readonly name: string;
  readonly mediaType: string;
  readonly description: string;
  readonly bytes: Uint8Array;
}

/** Who the file says made it, and when; both are part of its bytes. */
export interface PdfOrigin {
  readonly author: string;
  readonly software: string;
  readonly atMs: number;
}

const FOOTER = { size: 7.5, y: 38 };

/**
 * A document as PDF 1.7, A4, unsigned. The same document, origin and attachments give the same bytes. Fonts are those that
 * every reader has (Helvetica, Courier; Windows-1252); letters beyond them are shown as code points. Pictures are followed
 * by their figures at the end of the document.
 */
export async function renderPdf(
  document: ReportDocument,
  origin: PdfOrigin,
  attachments: readonly PdfAttachment[],
): Promise<Uint8Array> {
  const pdf = await PDFDocument.create({ updateMetadata: false });
  const at = new Date(origin.atMs);
  pdf.setTitle(showInvisible(document.title), { showInWindowTitleBar: true });
  pdf.setAuthor(showInvisible(origin.author));
  pdf.setCreator(showInvisible(origin.software));
  pdf.setProducer(showInvisible(origin.software));
  pdf.setLanguage('en');
  pdf.setCreationDate(at);
  pdf.setModificationDate(at);
  const fonts: PdfFonts = {
    plain: await pdf.embedFont(StandardFonts.Helvetica),
    strong: await pdf.embedFont(StandardFonts.HelveticaBold),
    code: await pdf.embedFont(StandardFonts.Courier),
  };
  const setter = new PdfTextSetter(fonts);
  const pages = new PdfPages(pdf, fonts);
  const outline = drawSections(document, pages, new PdfBlocks(pages, setter));
  numberPages(document.footer, pages, setter);
  addOutline(pdf, outline);
  for (const { name, mediaType, description, bytes } of attachments)
    await pdf.attach(bytes, name, {
      mimeType: mediaType,
      description,
      creationDate: at,
      modificationDate: at,
      afRelationship: AFRelationship.Supplement,
    });
  const identity = createHash('sha256').update(utf8(JSON.stringify([document, origin])));
  for (const { bytes } of attachments) identity.update(bytes);
  const id = PDFHexString.of(identity.digest('hex').slice(0, 32));
  pdf.context.trailerInfo.ID = pdf.context.obj([id, id]);
  return pdf.save({ useObjectStreams: false, addDefaultPage: false, updateFieldAppearances: false });
}

function drawSections(document: ReportDocument, pages: PdfPages, blocks: PdfBlocks): OutlineEntry[] {
  const outline: OutlineEntry[] = [];
  const charts: Extract<Block, { kind: 'chart' }>[] = [];
  blocks.draw({ kind: 'paragraph', runs: document.eyebrow, tone: 'soft' });
  pages.skip(8);
  for (const [i, section] of document.sections.entries()) {
    blocks.drawTitle(section.title, i === 0 ? 1 : 2);
    const { page, y } = pages.place;
    outline.push({ title: showInvisible(section.title), page: pages.pages[page]!, y: y + 40 });
    for (const block of section.blocks) {
      blocks.draw(block);
      if (block.kind === 'chart') charts.push(block);
    }
  }
  if (charts.length > 0) {
    blocks.drawTitle('Figures of the pictures', 2);
    const { page, y } = pages.place;
    outline.push({ title: 'Figures of the pictures', page: pages.pages[page]!, y: y + 40 });
    for (const chart of charts) blocks.drawTable(chart.table);
  }
  return outline;
}

/** A line at the foot of each page: what it belongs to, and `n of m`. */
function numberPages(footer: string, pages: PdfPages, setter: PdfTextSetter): void {
  const { size, y } = FOOTER;
  const left = setter.break(footer, pages.width - 80, size)[0]!;
  for (let i = 0; i < pages.pages.length; i++) {
    const number = encodeForPdf(`${i + 1} of ${pages.pages.length}`);
    for (const fragment of left.fragments)
      pages.drawText(fragment.text, fragment.face, size, pages.left + fragment.x, y, 'soft', i);
    const x = pages.left + pages.width - setter.measure(number, 'plain', size);
    pages.drawText(number, 'plain', size, x, y, 'soft', i);
  }
}

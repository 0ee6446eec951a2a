import type { StatementSigner } from '@phalanx/attestation';
import { PhalanxError, showInvisible, spellOut } from '@phalanx/core';
import { pdflibAddPlaceholder } from '@signpdf/placeholder-pdf-lib';
import { SignPdf } from '@signpdf/signpdf';
import { Signer, SUBFILTER_ETSI_CADES_DETACHED } from '@signpdf/utils';
import { PDFDocument } from 'pdf-lib';
import { signCms, type TimestampSource } from './cms-signature.js';
import type { ReportErrorCode } from './report-error.js';
import { holdsKey } from './signing-certificate.js';

/** Room for the signature in bytes: certificate, attributes, and a token with its chain. A token of `openssl ts` has 1.5 KB. */
const SIGNATURE_BYTES = 16_000;
const MAX_PDF_BYTES = 256 * 1024 * 1024;

export interface PdfSigning {
  readonly key: StatementSigner;
  /** DER: that of the key first, then those above it, if any. */
  readonly certificates: readonly Uint8Array[];
  /** Time that the file states; it is the signer's word. */
  readonly signedAtMs: number;
  /** Shown by readers of PDF. */
  readonly name: string;
  readonly reason: string;
  /** Null: no time from somebody else. */
  readonly timestamp: TimestampSource | null;
}

/**
 * Signs a PDF as PAdES (subfilter ETSI.CAdES.detached, ECDSA P-256 with SHA-256), invisibly, over all of its bytes.
 * Two signings of one file differ: ECDSA draws a random number.
 *
 * @throws PhalanxError `REPORT_PDF` for no PDF, one above 256 MiB, one that is signed already, or certificates and token of more than
 *   16,000 bytes; `REPORT_CERTIFICATE` when the first certificate is not for the key; `REPORT_TIMESTAMP` as `signCms` does
 */
export async function signPdf(pdf: Uint8Array, signing: PdfSigning): Promise<Uint8Array> {
  const { key, certificates, timestamp } = signing;
  if (certificates[0] === undefined || !holdsKey(certificates[0], key))
    throw new PhalanxError<ReportErrorCode>(
      'REPORT_CERTIFICATE',
      'the certificate is not for the signing key',
    );
  const document = await openUnsigned(pdf);
  pdflibAddPlaceholder({
    pdfDoc: document,
    reason: literalOf(signing.reason),
    contactInfo: '',
    location: '',
    name: literalOf(signing.name),
    signingTime: new Date(signing.signedAtMs),
    signatureLength: SIGNATURE_BYTES * 2,
    subFilter: SUBFILTER_ETSI_CADES_DETACHED,
  });
  const prepared = await document.save({ useObjectStreams: false, updateFieldAppearances: false });
  const signer = new CmsSigner((content) => signCms(content, key, certificates, timestamp));
  return new Uint8Array(await new SignPdf().sign(prepared, signer));
}

async function openUnsigned(pdf: Uint8Array): Promise<PDFDocument> {
  if (pdf.byteLength > MAX_PDF_BYTES)
    throw new PhalanxError<ReportErrorCode>('REPORT_PDF', 'the PDF is larger than 256 MiB');
  if (Buffer.from(pdf.buffer, pdf.byteOffset, pdf.byteLength).includes('/ByteRange'))
    throw new PhalanxError<ReportErrorCode>('REPORT_PDF', 'the PDF is signed already', {
      advice: 'Sign the unsigned file: writing it anew would break the first signature.',
    });
  try {
    return await PDFDocument.load(pdf, { updateMetadata: false });
  } catch (cause) {
    throw new PhalanxError<ReportErrorCode>('REPORT_PDF', 'not a PDF that can be read', { cause });
  }
}

/** The shape in which the library asks for signatures. */
class CmsSigner extends Signer {
  readonly #sign: (content: Uint8Array) => Promise<Uint8Array>;

  constructor(sign: (content: Uint8Array) => Promise<Uint8Array>) {
    super();
    this.#sign = sign;
  }

  override async sign(pdf: Buffer): Promise<Buffer> {
    const signature = await this.#sign(new Uint8Array(pdf));
    if (signature.byteLength > SIGNATURE_BYTES)
      throw new PhalanxError<ReportErrorCode>(
        'REPORT_PDF',
        `the signature has ${signature.byteLength} bytes, and there is room for ${SIGNATURE_BYTES}`,
        { advice: 'Leave out certificates that a verifier has anyway.' },
      );
    return Buffer.from(signature);
  }
}

/**
 * Text between the parentheses of a literal string (ISO 32000-1, 7.3.4.2), which the library writes as it is: Latin-1, as far as
 * PDFDocEncoding agrees with it; other letters are spelt out.
 */
function literalOf(text: string): string {
  return showInvisible(text.replaceAll('\u00A0', ' '))
    .replace(/[^\x20-\x7e\xa1-\xff]/gu, spellOut)
    .replace(/[\\()]/g, '\\$&');
}

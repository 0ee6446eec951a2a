/** Why a report, a declaration or a signature could not be made. */
export type ReportErrorCode =
  /** A certificate is malformed, does not belong to the key, or was asked for with a validity that it cannot have. */
  | 'REPORT_CERTIFICATE'
  /** What is to be signed is no PDF, is signed already, or has no room for the signature. */
  | 'REPORT_PDF'
  /** The timestamp does not stamp this signature. */
  | 'REPORT_TIMESTAMP';

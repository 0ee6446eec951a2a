/** What one request may cost. STIX_LIMITS holds for what is inside a body. */
export const TAXII_LIMITS = {
  /** Bytes of a body; the `max_content_length` of every API root. */
  bodyBytes: 10 * 1024 * 1024,
  /** Bytes of one object. */
  objectBytes: 1024 * 1024,
  /** Objects of a page; whoever asks for more gets this many. */
  pageObjects: 1_000,
  /** Bytes of a page after which no further object is taken. */
  pageBytes: 10 * 1024 * 1024,
  /** Objects that are looked at for one page, those that the reader may not see included. */
  scannedObjects: 4_000,
  /** Of versions that are read to judge one envelope, or one page, besides what it shows. */
  standingBytes: 64 * 1024 * 1024,
  /** Versions of one object in one collection. */
  versions: 256,
  /** UTF-16 code units of the query of a URL. */
  queryUnits: 8_192,
  /** Elements of one list of `match`. */
  matchElements: 100,
  /** `object_marking_refs` of one object. */
  markings: 32,
  /** Selectors of all granular markings of one object: each is looked up whenever somebody reads it. */
  selectors: 256,
} as const;

/** Versions of STIX that a hub keeps. Objects of 2.0 come by imports; what is sent is judged by the schemas of 2.1. */
export const SPEC_VERSIONS = ['2.0', '2.1'] as const;

/** What a stranger's STIX may cost. Everything beyond is refused with `COALITION_LIMIT` before it is worked on. */
export const STIX_LIMITS = {
  /** Bytes of one JSON text. */
  jsonBytes: 10 * 1024 * 1024,
  /** Arrays and objects inside one another. */
  jsonDepth: 32,
  /** Values of one JSON text, members and elements counted: 40 for each of 5,000 objects. */
  jsonValues: 200_000,
  /** Members of one object. */
  jsonMembers: 10_000,
  /** UTF-16 code units of one string. */
  stringUnits: 64 * 1024,
  /** Characters of one number: the longest of a double is 25. */
  numberCharacters: 40,
  /** Objects of one bundle. */
  bundleObjects: 5_000,
  /** UTF-16 code units of one pattern. */
  patternUnits: 64 * 1024,
  /** Comparisons, observations and qualifiers of one pattern. */
  patternNodes: 2_000,
  /** Parentheses inside one another. */
  patternDepth: 64,
  /** UTF-16 code units of the operand of LIKE. */
  likeUnits: 1_024,
  /** UTF-16 code units of the operand of MATCHES. */
  regexUnits: 512,
  /** Instructions of the program that RE2 makes of it. */
  regexProgram: 400,
  /** Instructions times UTF-16 code units of a value that MATCHES looks at: where RE2 has to fall back on its slowest way, it looks at each for each. */
  regexSteps: 400_000,
  /** Steps of one match: values compared and combinations of observations tried. */
  matchSteps: 2_000_000,
  /** Observations of one match. */
  observations: 100_000,
} as const;

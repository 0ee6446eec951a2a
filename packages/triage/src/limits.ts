/** UTF-16 units of a text that are looked at before normalisation; what follows is not read. */
export const MAX_RAW_CHARS = 262_144;
/** UTF-16 units of a normalised text that are scored or learned from; what follows is not read. */
export const MAX_TEXT_CHARS = 65_536;
/** Texts on one side of a training corpus. */
export const MAX_TEXTS = 50_000;
/** Normalised UTF-16 units on one side: with hashed grams of both sides in memory, some 600 MB. */
export const MAX_CORPUS_CHARS = 8_388_608;
/** Fewest usable texts on either side. Below, five folds hold two or three texts each. */
export const MIN_TEXTS = 20;
/** Label of a stratum or group. */
export const MAX_LABEL_CHARS = 256;
/** Groups in an audit: each is a row of its report. */
export const MAX_AUDIT_GROUPS = 1_000;

/** Bytes of a model file. */
export const MAX_MODEL_BYTES = 67_108_864;
/** Bytes of the header in it. */
export const MAX_HEADER_BYTES = 8_388_608;
/** Symbols of the language models, the unknown one and the boundary among them: the most frequent UTF-16 units. */
export const MAX_ALPHABET = 511;
/** Symbols of a side that its language model learns from. */
export const LANGUAGE_MODEL_CHARS = 262_144;
/** Symbols of a side that texts are compressed against. */
export const PRELUDE_CHARS = 65_536;
/** Categories of calibration texts: strata times scripts times lengths. */
export const MAX_CATEGORIES = 4_096;

/** Marks an error as ours even when two copies of this package are loaded. */
const MARK = Symbol.for('phalanx.error');

export interface PhalanxErrorOptions {
  /** What the caller should do about it, one sentence. */
  readonly advice?: string;
  /** True when the same call may succeed later without any change. Default false. */
  readonly retryable?: boolean;
  readonly cause?: unknown;
}

/**
 * Every failure that Phalanx raises on purpose.
 *
 * `Code` is a closed union that the raising package exports, so that a caller can switch on it.
 * Malformed input and bugs throw; "not found" is `null`; "too little data" is a value.
 */
export class PhalanxError<Code extends string = string> extends Error {
  readonly code: Code;
  readonly advice: string | undefined;
  readonly retryable: boolean;

  constructor(code: Code, message: string, options: PhalanxErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'PhalanxError';
    this.code = code;
    this.advice = options.advice;
    this.retryable = options.retryable ?? false;
    Object.defineProperty(this, MARK, { value: true });
  }

  /** Whether a value is a PhalanxError, optionally with this code. */
  static is<C extends string>(value: unknown, code?: C): value is PhalanxError<C> {
    return (
      value instanceof Error &&
      (value as { [MARK]?: boolean })[MARK] === true &&
      (code === undefined || (value as PhalanxError).code === code)
    );
  }
}

/** Remembers what may be used once. */
export interface NonceStore {
  /**
   * True exactly once for a nonce of a scope, over all processes that share the store and over restarts, until `untilMs`.
   *
   * @param scope whose nonces these are: at most 200 characters; a scope of its own for each sender, so that none fills another's share
   * @param nonce at most 200 characters
   * @throws PhalanxError `COALITION_LIMIT` when the scope has as many nonces that have not expired as it may have
   */
  use(scope: string, nonce: string, untilMs: number): Promise<boolean>;
}

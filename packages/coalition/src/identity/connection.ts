/** What a listener knows of the connection that a request came over. */
export interface Connection {
  /** Whether it is TLS. */
  readonly encrypted: boolean;
  /**
   * X.509 in DER: what the peer has proved to have the key of, when TLS has verified its chain up to the coalition's authority; null
   * otherwise.
   */
  readonly clientCertificate: Uint8Array | null;
  /** For counting guesses, and for logs. */
  readonly remoteAddress: string;
}

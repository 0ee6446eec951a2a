/** What a listener knows of the connection that a request came over. */
export interface Connection {
  /** Whether it is TLS. */
  readonly encrypted: boolean;
  /** For logs and for counting guesses. */
  readonly remoteAddress: string;
  /** What the peer has shown and proved to have the key of; null when it has shown none. */
  readonly peerCertificate: PeerCertificate | null;
}

export interface PeerCertificate {
  /** X.509 in DER. */
  readonly der: Uint8Array;
  /** Whether TLS has verified its chain up to the coalition's authority, its revocation list included (`authorized` of a `TLSSocket`). */
  readonly byCoalition: boolean;
}

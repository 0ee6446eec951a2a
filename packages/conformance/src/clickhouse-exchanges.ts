import type { ExchangeRecord } from '@phalanx/domain';

const START_MS = Date.UTC(2026, 0, 5);

/** Rows with shared networks, prompts and template bands between 60 accounts; equal seeds, equal rows. */
export function makeExchanges(seed: number, rows: number): ExchangeRecord[] {
  let state = (seed * 2_654_435_761) | 1;
  const random = (below: number) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
  const pick = (of: number) => (BigInt(random(of)) * 0x9e37_79b9_7f4a_7c15n) & 0xffff_ffff_ffff_ffffn;
  const bytes = (length: number, values: number) => Uint8Array.from({ length }, () => random(values));
  return Array.from({ length: rows }, (_, row) => {
    const id = new Uint8Array(16);
    new DataView(id.buffer).setUint32(0, seed);
    new DataView(id.buffer).setUint32(4, row);
    return {
      id,
      account: pick(60) + 1n,
      organisation: pick(5),
      endUser: pick(9),
      atMs: START_MS + random(3 * 86_400_000),
      model: ['', 'large', 'small'][random(3)]!,
      operation: 'chat',
      ok: true,
      streamed: false,
      inputTokens: random(1000),
      outputTokens: random(1000),
      promptBytes: random(1000),
      responseBytes: random(1000),
      durationMs: random(1000),
      turns: 1,
      promptHash: pick(5000),
      minhash: bytes(64, 3),
      topics: bytes(16, 256),
      shape: random(800),
      intents: random(4096),
      systemHash: pick(40),
      toolsHash: pick(4),
      responseHash: pick(5000),
      responseMinhash: bytes(32, 256),
      fingerprint: pick(30),
      contradiction: random(50) === 0,
      network: pick(200),
      parameters: pick(10),
    };
  });
}

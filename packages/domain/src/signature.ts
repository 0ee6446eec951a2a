/**
 * How a job signs its requests: sampling parameters and instructions as one 64-bit hash, parameters XOR (instructions
 * rotated left by one bit). 0 when both are unknown. In ClickHouse: bitXor(parameters, bitRotateLeft(system_hash, 1)).
 */
export function signatureOf(parameters: bigint, systemHash: bigint): bigint {
  return parameters ^ (BigInt.asUintN(64, systemHash << 1n) | (systemHash >> 63n));
}

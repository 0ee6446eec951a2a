import { utf8 } from '@phalanx/core';

/**
 * What version 0.2.0 of `model_signing` signed instead of the pre-authentication encoding of DSSE: the payload as Python prints bytes,
 * quotes, escapes and all. Published bundles are signed so; `v0.2.0-certificate` of the reference's vectors checks it.
 */
export function encodeOldPreAuth(payloadType: string, payload: Uint8Array): Uint8Array {
  return utf8(`DSSEV1 ${payloadType.length} ${payloadType} ${payload.length} ${printAsPython(payload)}`);
}

const NAMED: Readonly<Record<number, string>> = { 9: '\\t', 10: '\\n', 13: '\\r', 92: '\\\\' };

function printAsPython(bytes: Uint8Array): string {
  const quote = bytes.includes(0x27) && !bytes.includes(0x22) ? '"' : "'";
  const parts: string[] = [];
  for (const byte of bytes) {
    const char = String.fromCharCode(byte);
    if (char === quote) parts.push(`\\${char}`);
    else if (byte >= 0x20 && byte < 0x7f && byte !== 0x5c) parts.push(char);
    else parts.push(NAMED[byte] ?? `\\x${byte.toString(16).padStart(2, '0')}`);
  }
  return `b${quote}${parts.join('')}${quote}`;
}

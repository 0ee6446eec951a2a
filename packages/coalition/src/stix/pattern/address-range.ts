import { isIPv4, isIPv6 } from 'node:net';

/** A block of addresses (RFC 4632, RFC 4291 section 2.3). */
export interface AddressRange {
  /** 32 or 128. */
  readonly bits: number;
  /** The address, its low bits cleared. */
  readonly base: bigint;
  /** 0 to `bits`. */
  readonly prefix: number;
}

/** An IPv4 or IPv6 address, or a block of them in CIDR notation; null for anything else. */
export function parseAddressRange(text: string): AddressRange | null {
  if (text.length > 64) return null;
  const [address, prefixText, more] = text.split('/');
  if (more !== undefined) return null;
  const bits = isIPv4(address!) ? 32 : isIPv6(address!) && !address!.includes('%') ? 128 : 0;
  if (bits === 0) return null;
  if (prefixText !== undefined && !/^[0-9]{1,3}$/.test(prefixText)) return null;
  const prefix = prefixText === undefined ? bits : Number(prefixText);
  if (prefix > bits) return null;
  const value = bits === 32 ? readIpv4(address!) : readIpv6(address!);
  const free = BigInt(bits - prefix);
  return { bits, base: (value >> free) << free, prefix };
}

/** Whether every address of `inner` is one of `outer`. */
export function isWithin(inner: AddressRange, outer: AddressRange): boolean {
  if (inner.bits !== outer.bits || inner.prefix < outer.prefix) return false;
  const free = BigInt(outer.bits - outer.prefix);
  return inner.base >> free === outer.base >> free;
}

function readIpv4(text: string): bigint {
  return BigInt(text.split('.').reduce((value, part) => value * 256 + Number(part), 0));
}

function readIpv6(text: string): bigint {
  const dotted = /^(.*:)([0-9.]+)$/.exec(text);
  const low = dotted?.[2]?.includes('.') ? readIpv4(dotted[2]) : null;
  const words =
    low === null ? text : `${dotted![1]}${(low >> 16n).toString(16)}:${(low & 0xffffn).toString(16)}`;
  const [head, tail] = words.split('::');
  const left = head === '' ? [] : head!.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const filler = tail === undefined ? [] : Array<string>(8 - left.length - right.length).fill('0');
  return [...left, ...filler, ...right].reduce((value, word) => (value << 16n) | BigInt(`0x${word}`), 0n);
}

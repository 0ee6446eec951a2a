import { fromHex } from '@phalanx/core';

/** How a key is written in a key file, and what the dialect gets of it. */
export interface KeyForm<Key> {
  /** In words. */
  readonly form: string;
  readonly pattern: RegExp;
  parse(text: string): Key;
}

/** Phalanx's own keys. */
export const bytesKey: KeyForm<Uint8Array> = {
  form: '32 hexadecimal digits',
  pattern: /^[0-9a-f]{32}$/,
  parse: fromHex,
};

/** Phalanx's multi-bit keys, which a payload may follow. */
export const payloadKey: KeyForm<{ readonly key: Uint8Array; readonly payload: bigint }> = {
  form: '32 hexadecimal digits, or these, a colon and the payload in 1 to 16 hexadecimal digits',
  pattern: /^[0-9a-f]{32}(?::[0-9a-f]{1,16})?$/,
  parse: (text) => ({ key: fromHex(text.slice(0, 32)), payload: BigInt(`0x${text.slice(33) || '0'}`) }),
};

/** Most other tools' keys; each dialect checks the range. */
export const integerKey: KeyForm<bigint> = {
  form: 'an integer, decimal or 0x and at most 64 hexadecimal digits',
  pattern: /^(?:0x[0-9a-fA-F]{1,64}|-?[0-9]{1,78})$/,
  parse: BigInt,
};

/** Two keys of one mark. */
export const integerPair: KeyForm<readonly [bigint, bigint]> = {
  form: 'two integers, a comma between them',
  pattern: /^(?:0x[0-9a-fA-F]{1,64}|[0-9]{1,78}),(?:0x[0-9a-fA-F]{1,64}|[0-9]{1,78})$/,
  parse: (text) => text.split(',').map(BigInt) as [bigint, bigint],
};

/** A key a layer. */
export const integerList: KeyForm<readonly bigint[]> = {
  form: '1 to 64 integers, commas between them',
  pattern: /^-?[0-9]{1,20}(?:,-?[0-9]{1,20}){0,63}$/,
  parse: (text) => text.split(',').map(BigInt),
};

import { fromUtf8, toHex, utf8 } from '@phalanx/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  canonicalValue,
  matchingInput,
  needsSplitKey,
  singleKeyInput,
  textOfValue,
  VALUE_CLASSES,
} from './value-class.js';

const fails = (message: RegExp) =>
  expect.objectContaining({ code: 'COALITION_MATCHING', message: expect.stringMatching(message) });

describe('one form for all labs', () => {
  it.each([
    ['198.51.100.3', 'c6336403'],
    ['::ffff:198.51.100.3', 'c6336403'],
    ['2001:DB8::1', '20010db8000000000000000000000001'],
    ['2001:db8:0:0:0::0001', '20010db8000000000000000000000001'],
    ['::', '00000000000000000000000000000000'],
    ['64:ff9b::198.51.100.3', '0064ff9b0000000000000000c6336403'],
  ])('address %s', (text, hex) => {
    expect(toHex(canonicalValue('ip', text))).toBe(hex);
  });

  it.each([
    ['Ada.Lovelace@Example.ORG', 'ada.lovelace@example.org'],
    ['ada+list@example.org.', 'ada@example.org'],
    ['a.d.a+x@GoogleMail.com', 'ada@gmail.com'],
    ['J\u006f\u0308rg@Bücher.example', 'jörg@xn--bcher-kva.example'],
  ])('e-mail %s', (text, plain) => {
    expect(fromUtf8(canonicalValue('email', text))).toBe(plain);
  });

  it('cards by six or eight digits, devices as they are, identifiers in lower case', () => {
    expect(fromUtf8(canonicalValue('payment-bin', '42424242'))).toBe('42424242');
    expect(fromUtf8(canonicalValue('device', 'F47AC10B-58CC-4372-A567-0E02B2C3D479'))).toMatch(/^f47ac10b-/);
    expect(fromUtf8(canonicalValue('device', 'AbCdEfGhIjKlMnOp'))).toBe('AbCdEfGhIjKlMnOp');
    expect(canonicalValue('prompt-hash', 'AB'.repeat(32))).toEqual(new Uint8Array(32).fill(0xab));
    expect(canonicalValue('template-band', '0011223344')).toHaveLength(5);
  });

  it.each([
    ['ip', '198.51.100.300'],
    ['ip', '198.51.100.0/24'],
    ['ip', '198.51.100.03'],
    ['ip', 'fe80::1%eth0'],
    ['ip', ' 198.51.100.3'],
    ['email', 'ada'],
    ['email', '@example.org'],
    ['email', 'ada@localhost'],
    ['email', 'a b@example.org'],
    ['email', 'ada\u200b@example.org'],
    ['email', '+x@example.org'],
    ['email', `${'a'.repeat(300)}@example.org`],
    ['payment-bin', '4242424242424242'],
    ['payment-bin', '4242424'],
    ['payment-bin', '４２４２４２'],
    ['device', 'short'],
    ['device', 'somebody@example.org'],
    ['device', 'with a space in it here'],
    ['prompt-hash', 'abc'],
    ['prompt-hash', 'g'.repeat(64)],
  ] as const)('refuses %s %s without repeating it', (valueClass, text) => {
    expect(() => canonicalValue(valueClass, text)).toThrow(fails(/no value of class/));
    try {
      canonicalValue(valueClass, text);
    } catch (error) {
      expect(String(error)).not.toContain(text);
    }
  });
});

it('reads canonical values back, and nothing else', () => {
  for (const [valueClass, text] of [
    ['ip', '198.51.100.3'],
    ['ip', '2001:db8::1'],
    ['email', 'Jörg@Bücher.example'],
    ['email', 'I\u0307nci.\u0130@example.org'],
    ['payment-bin', '424242'],
    ['device', 'AbCdEfGhIjKlMnOp'],
    ['prompt-hash', 'ab'.repeat(32)],
    ['template-band', '0011223344'],
  ] as const) {
    const value = canonicalValue(valueClass, text);
    expect(canonicalValue(valueClass, textOfValue(valueClass, value)!)).toEqual(value);
  }
  expect(textOfValue('ip', canonicalValue('ip', '2001:db8::1'))).toBe(
    '2001:0db8:0000:0000:0000:0000:0000:0001',
  );
  const mapped = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 198, 51, 100, 3);
  expect(textOfValue('ip', mapped)).toBeNull();
  expect(textOfValue('ip', new Uint8Array(7))).toBeNull();
  for (const text of [
    'Ada@example.org',
    'ada@example.org\u202e',
    'ada+x@example.org',
    'terminate customer X',
    '\u001b[2J\u001b[H',
  ])
    for (const valueClass of VALUE_CLASSES) expect(textOfValue(valueClass, utf8(text))).toBeNull();
  expect(textOfValue('device', Uint8Array.of(255, 254))).toBeNull();
  fc.assert(
    fc.property(fc.constantFrom(...VALUE_CLASSES), fc.uint8Array({ maxLength: 300 }), (valueClass, value) => {
      const text = textOfValue(valueClass, value);
      if (text !== null) {
        expect(canonicalValue(valueClass, text)).toEqual(value);
      }
    }),
  );
});

it('keeps classes, epochs and values apart', () => {
  const value = canonicalValue('payment-bin', '424242');
  expect(matchingInput('payment-bin', 7, value)).not.toEqual(matchingInput('device', 7, value));
  expect(matchingInput('payment-bin', 7, value)).not.toEqual(matchingInput('payment-bin', 8, value));
});

it('lets one holder of a key evaluate hashes of prompts, and nothing that can be guessed', () => {
  const value = new Uint8Array(32);
  expect(VALUE_CLASSES.filter((valueClass) => !needsSplitKey(valueClass))).toEqual(['prompt-hash']);
  expect(singleKeyInput('prompt-hash', 7, value)).toEqual(matchingInput('prompt-hash', 7, value));
  for (const valueClass of VALUE_CLASSES.filter(needsSplitKey))
    expect(() => singleKeyInput(valueClass, 7, value)).toThrow(fails(/guessed/));
});

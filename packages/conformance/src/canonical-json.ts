import { canonicalJson, type Json, PhalanxError, toHex, utf8 } from '@phalanx/core';
import type { Suite } from './suite.js';

/** RFC 8785 appendix B: IEEE 754 double as 16 hexadecimal digits, and its JSON form; null where there is none. */
const NUMBERS: readonly (readonly [bits: string, json: string | null])[] = [
  ['0000000000000000', '0'],
  ['8000000000000000', '0'],
  ['0000000000000001', '5e-324'],
  ['8000000000000001', '-5e-324'],
  ['7fefffffffffffff', '1.7976931348623157e+308'],
  ['ffefffffffffffff', '-1.7976931348623157e+308'],
  ['4340000000000000', '9007199254740992'],
  ['c340000000000000', '-9007199254740992'],
  ['4430000000000000', '295147905179352830000'],
  ['7fffffffffffffff', null],
  ['7ff0000000000000', null],
  ['44b52d02c7e14af5', '9.999999999999997e+22'],
  ['44b52d02c7e14af6', '1e+23'],
  ['44b52d02c7e14af7', '1.0000000000000001e+23'],
  ['444b1ae4d6e2ef4e', '999999999999999700000'],
  ['444b1ae4d6e2ef4f', '999999999999999900000'],
  ['444b1ae4d6e2ef50', '1e+21'],
  ['3eb0c6f7a0b5ed8c', '9.999999999999997e-7'],
  ['3eb0c6f7a0b5ed8d', '0.000001'],
  ['41b3de4355555553', '333333333.3333332'],
  ['41b3de4355555554', '333333333.33333325'],
  ['41b3de4355555555', '333333333.3333333'],
  ['41b3de4355555556', '333333333.3333334'],
  ['41b3de4355555557', '333333333.33333343'],
  ['becbf647612f3696', '-0.0000033333333333333333'],
  ['43143ff3c1cb0959', '1424953923781206.2'],
];

/** RFC 8785 section 3.2.2: a JSON text, and section 3.2.4: the UTF-8 bytes of its canonical form. */
const SAMPLE = String.raw`{
  "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
  "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
  "literals": [null, true, false]
}`;
const SAMPLE_BYTES =
  '7b226c69746572616c73223a5b6e756c6c2c747275652c66616c73655d2c226e756d62657273223a' +
  '5b3333333333333333332e333333333333332c31652b33302c342e352c302e3030322c31652d32375d2c22737472696e67223a22e282ac' +
  '245c75303030665c6e4127425c225c5c5c5c5c222f227d';

/** RFC 8785 section 3.2.3: property names in the order in which they must come. */
const SORTED_NAMES = ['\r', '1', '\u0080', '\u00f6', '\u20ac', '\ud83d\ude00', '\ufb33'];

/** Our canonical JSON against the values that RFC 8785 prints. */
export const canonicalJsonSuite: Suite = {
  name: 'canonical-json',
  what: 'canonicalJson against the tables and examples of RFC 8785',
  async run(checks) {
    for (const [bits, json] of NUMBERS) {
      const value = Buffer.from(bits, 'hex').readDoubleBE();
      checks.equal(`appendix B, ${bits}`, serialise(value), json ?? 'refused');
    }
    checks.equal('section 3.2.4, bytes', toHex(utf8(serialise(JSON.parse(SAMPLE)))), SAMPLE_BYTES);
    const names = Object.fromEntries(SORTED_NAMES.toReversed().map((name) => [name, 0]));
    const expected = `{${SORTED_NAMES.map((name) => `${JSON.stringify(name)}:0`).join(',')}}`;
    checks.equal('section 3.2.3, order of names', serialise(names), expected);
  },
};

function serialise(value: Json): string {
  try {
    return canonicalJson(value);
  } catch (error) {
    if (PhalanxError.is(error, 'CANONICAL_JSON_VALUE')) return 'refused';
    throw error;
  }
}

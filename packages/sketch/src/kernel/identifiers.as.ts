// Identifiers: runs of ASCII letters and digits, single joiners between them, with 5 digits or more in 64 characters at most.

const DIGITS: u32 = 5;
const LONGEST: usize = 64;

/** Where the run read last ends: its digits need no second look. */
let runEnd: usize = 0;

export function startIdentifiers(): void {
  runEnd = 0;
}

function isDigit(b: u32): bool {
  return b - 0x30 < 10;
}

function isAlphanumeric(b: u32): bool {
  return (b | 0x20) - 0x61 < 26 || isDigit(b);
}

function isJoiner(b: u32): bool {
  return b == 0x2d || b == 0x3a || b == 0x5f;
}

/** Whether the run around the digit at `at` is an identifier. Bytes before RAW and after the text are zero. */
function readRun(at: usize): bool {
  let start = at;
  while (true) {
    const before: u32 = load<u8>(start - 1);
    if (!isAlphanumeric(before) && !(isJoiner(before) && isAlphanumeric(load<u8>(start - 2)))) break;
    start--;
  }
  let count: u32 = 0;
  let end = start;
  while (true) {
    const b: u32 = load<u8>(end);
    if (isDigit(b)) count++;
    else if (!isAlphanumeric(b) && !(isJoiner(b) && isAlphanumeric(load<u8>(end, 1)))) break;
    end++;
  }
  runEnd = end;
  return count >= DIGITS && end - start <= LONGEST;
}

/** One bit for each of 16 bytes that may stand in a run. */
// @ts-ignore: decorator
@inline
function runBits(at: usize): u32 {
  const v = v128.load(at);
  const letter = i8x16.lt_u(i8x16.sub(v128.or(v, i8x16.splat(0x20)), i8x16.splat(0x61)), i8x16.splat(26));
  // The colon follows the digits.
  const digit = i8x16.lt_u(i8x16.sub(v, i8x16.splat(0x30)), i8x16.splat(11));
  const joiner = v128.or(i8x16.eq(v, i8x16.splat(0x2d)), i8x16.eq(v, i8x16.splat(0x5f)));
  return i8x16.bitmask(v128.or(v128.or(letter, digit), joiner));
}

/** Whether a run with its last digit among `digits`, bit i for the byte at `at` + i, is an identifier. */
export function holdsIdentifier(at: usize, digits: u32): bool {
  if (runEnd >= at + 16) return false;
  // The last digit of an identifier has four characters of the run before it: this spares short numbers the walk.
  let bits = runBits(at - 16) | (runBits(at) << 16);
  bits &= bits << 1;
  bits &= (bits << 2) & (bits << 3);
  for (let last = digits & (bits >> 16); last; last &= last - 1) {
    const digit = at + <usize>ctz(last);
    if (digit >= runEnd && readRun(digit)) return true;
  }
  return false;
}

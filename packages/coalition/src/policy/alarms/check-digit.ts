/** Luhn's check digit (ISO/IEC 7812-1 annex B). @param digits decimal digits alone */
export function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = digits.charCodeAt(digits.length - 1 - i) - 48;
    const doubled = i % 2 === 1 ? 2 * digit : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

/** Lengths by country (ISO 13616 registry, release 99). */
const IBAN_LENGTHS: Readonly<Record<string, number>> = Object.fromEntries(
  (
    'AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 ' +
    'GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 ' +
    'NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30'
  )
    .split(' ')
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))]),
);

/** An IBAN without blanks: length of its country, remainder 1 of 97 (ISO 7064). */
export function isIban(text: string): boolean {
  const iban = text.toUpperCase();
  if (IBAN_LENGTHS[iban.slice(0, 2)] !== iban.length || !/^[A-Z]{2}[0-9]{2}[A-Z0-9]+$/.test(iban))
    return false;
  return remainder(iban.slice(4) + iban.slice(0, 4), 97) === 1;
}

/** Of a number whose letters count as 10 to 35. */
function remainder(text: string, modulus: number): number {
  let rest = 0;
  for (const letter of text) {
    const value = Number.parseInt(letter, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % modulus;
  }
  return rest;
}

function weigh(digits: string, weights: readonly number[]): number {
  return weights.reduce((sum, weight, i) => sum + weight * (digits.charCodeAt(i) - 48), 0);
}

/** Chinese resident identity number (GB 11643-1999): 17 digits and a check of ISO 7064 MOD 11-2, a date inside. */
export function isChineseResident(text: string): boolean {
  if (
    !/^[1-9][0-9]{5}(?:19|20)[0-9]{2}(?:0[1-9]|1[012])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9Xx]$/.test(text)
  )
    return false;
  const sum = weigh(text, [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]);
  return '10X98765432'[sum % 11] === text[17]!.toUpperCase();
}

/** German tax identification number (11 digits, ISO 7064 MOD 11,10; one digit of the first ten twice or thrice). */
export function isGermanTaxId(digits: string): boolean {
  if (!/^[1-9][0-9]{10}$/.test(digits)) return false;
  const counts = new Map<string, number>();
  for (const digit of digits.slice(0, 10)) counts.set(digit, (counts.get(digit) ?? 0) + 1);
  const repeated = [...counts.values()].filter((count) => count > 1);
  if (repeated.length !== 1 || repeated[0]! > 3) return false;
  let product = 10;
  for (const digit of digits.slice(0, 10)) {
    const sum = (Number(digit) + product) % 10 || 10;
    product = (2 * sum) % 11;
  }
  return (11 - product) % 10 === Number(digits[10]);
}

/** French social security number (15 digits, Corsica's 2A and 2B): key 97 less the remainder. */
export function isFrenchNir(text: string): boolean {
  const found = /^([12378][0-9]{2}(?:0[1-9]|1[0-2]|[2-9][0-9])(?:[0-9]{2}|2[ABab])[0-9]{6})([0-9]{2})$/.exec(
    text,
  );
  if (found === null) return false;
  const number = found[1]!.toUpperCase().replace('2A', '19').replace('2B', '18');
  return 97 - remainder(number, 97) === Number(found[2]);
}

/** Spanish DNI and NIE: the letter is the number's remainder of 23. */
export function isSpanishId(text: string): boolean {
  const found = /^([XYZxyz]|[0-9])([0-9]{7})([A-Za-z])$/.exec(text);
  if (found === null) return false;
  const first = 'XYZ'.indexOf(found[1]!.toUpperCase());
  const number = Number(`${first < 0 ? found[1]! : first}${found[2]!}`);
  return 'TRWAGMYFPDXBNJZSQVHLCKE'[number % 23] === found[3]!.toUpperCase();
}

/** Brazilian CPF: two check digits of 11. */
export function isBrazilianCpf(digits: string): boolean {
  if (!/^[0-9]{11}$/.test(digits) || /^(.)\1*$/.test(digits)) return false;
  const check = (count: number) => {
    const sum = weigh(
      digits,
      Array.from({ length: count }, (_, i) => count + 1 - i),
    );
    return ((sum * 10) % 11) % 10 === Number(digits[count]);
  };
  return check(9) && check(10);
}

/** Polish PESEL: 11 digits, a date of birth, weights 1 3 7 9. */
export function isPolishPesel(digits: string): boolean {
  if (!/^[0-9]{2}(?:[02468][1-9]|[13579][012])(?:0[1-9]|[12][0-9]|3[01])[0-9]{5}$/.test(digits)) return false;
  return (10 - (weigh(digits, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3]) % 10)) % 10 === Number(digits[10]);
}

const VERHOEFF_D = [
  '0123456789',
  '1234067895',
  '2340178956',
  '3401289567',
  '4012395678',
  '5987604321',
  '6598710432',
  '7659821043',
  '8765932104',
  '9876543210',
];
const VERHOEFF_P = [
  '0123456789',
  '1576283094',
  '5803796142',
  '8916043527',
  '9453126870',
  '4286573901',
  '2793806415',
  '7046913258',
];

/** Indian Aadhaar: 12 digits, Verhoeff's check. */
export function isAadhaar(digits: string): boolean {
  if (!/^[2-9][0-9]{11}$/.test(digits)) return false;
  let state = 0;
  for (let i = 0; i < 12; i++) {
    const permuted = Number(VERHOEFF_P[i % 8]![Number(digits[11 - i])]);
    state = Number(VERHOEFF_D[state]![permuted]);
  }
  return state === 0;
}

/** Italian codice fiscale: 16 characters, the last a check. */
export function isCodiceFiscale(text: string): boolean {
  const code = text.toUpperCase();
  if (!/^[A-Z]{6}[0-9LMNPQRSTUV]{2}[ABCDEHLMPRST][0-9LMNPQRSTUV]{2}[A-Z][0-9LMNPQRSTUV]{3}[A-Z]$/.test(code))
    return false;
  const odd = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];
  let sum = 0;
  for (let i = 0; i < 15; i++) {
    const value = /[0-9]/.test(code[i]!) ? Number(code[i]) : code.charCodeAt(i) - 65;
    sum += i % 2 === 0 ? odd[value]! : value;
  }
  return code.charCodeAt(15) - 65 === sum % 26;
}

/** Numbers that check themselves, by the names that python-stdnum has for them. */
export const CHECK_DIGITS = {
  luhn: passesLuhn,
  iban: isIban,
  cpf: isBrazilianCpf,
  ric: isChineseResident,
  idnr: isGermanTaxId,
  spanish: isSpanishId,
  nir: isFrenchNir,
  aadhaar: isAadhaar,
  codice: isCodiceFiscale,
  pesel: isPolishPesel,
} as const;

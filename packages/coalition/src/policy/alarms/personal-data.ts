import { isIPv4, isIPv6 } from 'node:net';
import { PhraseSet } from '../text/phrase-set.js';
import type { Alarm, Reading } from './alarm.js';
import {
  isAadhaar,
  isBrazilianCpf,
  isChineseResident,
  isCodiceFiscale,
  isFrenchNir,
  isGermanTaxId,
  isIban,
  isPolishPesel,
  isSpanishId,
  passesLuhn,
} from './check-digit.js';
import { GIVEN_NAMES } from './given-names.js';

/** Addresses, numbers and names by which a person is recognised or reached, and accounts of a provider. */
export const PERSONAL_DATA: Alarm = {
  kind: 'personal-data',
  find(reading) {
    return (
      findEmail(reading.text) ??
      findNumber(reading.text) ??
      findAddressOfNetwork(reading.text) ??
      findAccount(reading.text) ??
      findPostalAddress(reading) ??
      findPerson(reading)
    );
  },
};

const AT = String.raw`(?:@|\s{0,2}[([{<]\s{0,2}(?:at|ät|arobase|arroba)\s{0,2}[)\]}>]\s{0,2}|\s{1,2}(?:at|arobase|arroba|klammeraffe)\s{1,2}|\s{0,2}@\s{0,2})`;
const DOT = String.raw`(?:\.|\s{0,2}[([{<]\s{0,2}(?:dot|punkt|point|punto)\s{0,2}[)\]}>]\s{0,2}|\s{1,2}(?:dot|punkt|punto)\s{1,2})`;
const EMAIL = new RegExp(
  String.raw`[\p{L}\p{N}][\p{L}\p{N}._%+-]{0,63}${AT}[\p{L}\p{N}][\p{L}\p{N}-]{0,62}(?:${DOT}[\p{L}\p{N}][\p{L}\p{N}-]{0,62}){0,4}${DOT}\p{L}{2,18}`,
  'iu',
);

const FRENCH_EMAIL =
  /[\p{L}\p{N}._-]{2,64}\s{1,2}arobase\s{1,2}[\p{L}\p{N}-]{2,63}\s{1,2}point\s{1,2}\p{L}{2,18}/iu;

function findEmail(text: string): string | null {
  // Only where there is a sign of it: the expression looks at each place of a text once, but it is long.
  return /@|[([{<\s](?:at|ät|arobase|arroba|klammeraffe)[)\]}>\s]/i.test(text)
    ? ((EMAIL.exec(text) ?? FRENCH_EMAIL.exec(text))?.[0] ?? null)
    : null;
}

/** A run of digits with what people set between them. Bounded, so that a text of digits is read once. */
const DIGIT_RUN =
  /(?<![\p{L}\p{N}.])(?:\+|00)?[(]?[0-9](?:[ \u00a0./()-]{0,2}[0-9]){6,24}[Xx]?(?![\p{L}\p{N}])/gu;
/** Numbers of identity with letters in them. */
const CODES: readonly { readonly shape: RegExp; readonly holds: (code: string) => boolean }[] = [
  {
    shape: /(?<![A-Za-z0-9])[XYZxyz0-9](?:[ .-]?[0-9]){7}[ -]?[A-Za-z](?![A-Za-z0-9])/g,
    holds: isSpanishId,
  },
  {
    shape: /(?<![A-Za-z0-9])[A-Za-z]{3} ?[A-Za-z]{3} ?[A-Za-z0-9]{5} ?[A-Za-z0-9]{4}[A-Za-z](?![A-Za-z0-9])/g,
    holds: isCodiceFiscale,
  },
  {
    shape: /(?<![A-Za-z0-9])[12378](?: ?[0-9]){4} ?2[ABab](?: ?[0-9]){8}(?![A-Za-z0-9])/g,
    holds: isFrenchNir,
  },
  {
    shape: /(?<![A-Za-z0-9])[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z](?: ?[0-9]{2}){3} ?[A-D](?![A-Za-z0-9])/gi,
    holds: () => true,
  },
];

function findNumber(text: string): string | null {
  for (const [run] of text.matchAll(DIGIT_RUN)) if (isTelling(run)) return run;
  for (const [run] of text.matchAll(/\b[A-Za-z]{2}[0-9]{2}(?:[ -]?[A-Za-z0-9]{1,4}){3,9}/g)) {
    const bare = run.replace(/[ -]/g, '');
    // Words may follow the number: every length that a country has is tried.
    for (let length = Math.min(34, bare.length); length >= 15; length--)
      if (isIban(bare.slice(0, length))) return run;
  }
  for (const form of CODES)
    for (const [run] of text.matchAll(form.shape)) if (form.holds(run.replace(/[ .-]/g, ''))) return run;
  const named = NAMED_NUMBER.exec(text);
  return named === null ? null : named[0];
}

/** What a number is called, where its form says nothing. */
const NAMED_NUMBER =
  /(?:passport|reisepass(?:nummer)?|passeport|pasaporte|护照|driver'?s licen[cs]e|führerschein|ssn|social security|s[ée]curit[ée] sociale|seguridad social|national id|id number|personalausweis|carte d'identité|dni|nie|cpf|aadhaar|pesel|sozialversicherungsnummer|tax id|steuer-?id|身份证|手机号?|电话|phone|telefon|téléphone|teléfono|tel|mobile|handy|whatsapp|wechat|微信|telegram|signal|iban|konto(?:nummer)?|credit card|kreditkarte|carte bancaire|tarjeta)\s{0,2}(?:no|nr|number|nummer|numéro|número|号码|号)?[.:#=：]{0,2}\s{0,3}@?(?=[A-Za-z0-9+._-]{0,12}[0-9])[A-Za-z0-9+][A-Za-z0-9+() ._-]{4,30}/iu;

function isTelling(run: string): boolean {
  const digits = run.replace(/[^0-9Xx]/g, '');
  const bare = digits.replace(/[Xx]$/, '');
  if (/^[0-9]{1,4}-[0-9]{2}-[0-9]{2}$/.test(run) || isIPv4(run)) return false;
  const isCard = bare.length >= 13 && bare.length <= 19 && /^[2-6]/.test(bare) && passesLuhn(bare);
  if (isCard && !/^([0-9])\1*$/.test(bare)) return true;
  if (isChineseResident(digits) || isFrenchNir(bare) || isPolishPesel(bare)) return true;
  if (isGermanTaxId(bare) || isBrazilianCpf(bare)) return true;
  if (isAadhaar(bare) && /^[0-9]{4} [0-9]{4} [0-9]{4}$/.test(run.trim())) return true;
  if (/^(?!000|666|9)[0-9]{3}[- ](?!00)[0-9]{2}[- ](?!0000)[0-9]{4}$/.test(run)) return true;
  return isTelephone(run, bare);
}

function isTelephone(run: string, digits: string): boolean {
  if (digits.length < 8 || digits.length > 15) return false;
  if (/^(?:\+|00)[1-9]/.test(run)) return true;
  if (/^[(]?[2-9][0-9]{2}[)]?[-. ][2-9][0-9]{2}[-. ][0-9]{4}$/.test(run)) return true;
  // A national number begins with 0 and is set in groups; a Chinese mobile has eleven digits from 13 to 19.
  if (/^[(]?0[1-9]/.test(run) && /[ /()-]/.test(run) && digits.length >= 9 && digits.length <= 12)
    return true;
  if (/^0[1-9](?:[ .][0-9]{2}){4}$/.test(run)) return true;
  return /^1[3-9][0-9]{9}$/.test(digits);
}

function findAddressOfNetwork(text: string): string | null {
  for (const [run] of text.matchAll(
    /(?<![0-9A-Za-z.:])[0-9]{1,3}(?:(?:\.|\[\.\]|\(\.\))[0-9]{1,3}){3}(?![0-9A-Za-z])(?:\/[0-9]{1,2})?/g,
  )) {
    const [address, prefix] = run.replace(/[[\]()]/g, '').split('/');
    if (isIPv4(address!) && (prefix === undefined || Number(prefix) > 24)) return run;
  }
  for (const [run] of text.matchAll(
    /(?<![0-9A-Za-z:])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?![0-9A-Za-z:])(?:\/[0-9]{1,3})?/g,
  )) {
    const [address, prefix] = run.split('/');
    if (isIPv6(address!) && address!.length > 6 && (prefix === undefined || Number(prefix) > 48)) return run;
  }
  return /(?<![0-9A-Za-z])[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}(?![0-9A-Za-z:-])/.exec(text)?.[0] ?? null;
}

/** Names under which providers keep accounts, and handles. */
const ACCOUNT =
  /\b(?:acct|acc|account|org|user|usr|cus|customer|tenant|workspace|proj|sub|team|uid|client)[_-](?=[A-Za-z0-9]{0,40}[0-9])[A-Za-z0-9]{5,64}\b|\b(?:account|user|customer|tenant|organi[sz]ation|konto|kunde|kundennummer|compte|client|cuenta|cliente)\s{0,2}(?:id|no|nr|number|nummer|numéro|número)?[.:#= ]{1,3}(?=[A-Za-z0-9-]{0,20}[0-9])[A-Za-z0-9-]{5,40}\b|(?:账号|账户|用户|客户)(?:id|号|编号)?[:：# ]{0,3}[A-Za-z0-9_-]{5,40}|(?<![\p{L}\p{N}@.])@[A-Za-z][A-Za-z0-9_.]{2,30}(?![\p{L}\p{N}@])|\b(?:github|linkedin|twitter|x|t|facebook|instagram|weibo)\.(?:com|me)\/(?:in\/|@)?[A-Za-z0-9_.-]{3,60}/iu;

function findAccount(text: string): string | null {
  return ACCOUNT.exec(text)?.[0] ?? null;
}

const STREETS = new PhraseSet(`
# _ (street/avenue/boulevard/road/lane/drive/court/plaza/broadway/terrace/crescent/parkway/highway/way) (suite/apt/floor/unit/room/#)
# (main/market/high/king/queen/church/park/oak/maple/elm/mission/howard) (street/st/road/avenue/ave)
# (rue/avenue/boulevard/bd/place/quai/chemin/impasse/allee) (de/du/des/la/le/l/d/saint/victor/jean)
(calle/avenida/avda/paseo/plaza/carrer) _ #
(via/viale/piazza/corso) (roma/garibaldi/milano/torino/dante/verdi/mazzini/cavour) #
*strasse* # # ; *strasse* # ; *gasse* # # ; *platz* # #
(po/p o) box #
(ulica/ul) _ # # ; (rua/travessa) _ #
路#号 ; 街#号 ; 大道#号 ; 号…室 ; 号楼…室 ; 弄#号 ; 丁目#番
`);
const POSTCODE =
  /\b[A-Z]{1,2}[0-9][A-Z0-9]? [0-9][A-Z]{2}\b|\b[A-Z]{2} [0-9]{5}(?:-[0-9]{4})?\b|\b(?:D-)?[0-9]{5} (?:Berlin|Hamburg|München|Köln|Frankfurt|Stuttgart|Düsseldorf|Leipzig|Paris|Lyon|Marseille|Toulouse|Bordeaux|Lille|Nantes|Madrid|Barcelona|Valencia|Sevilla|Bilbao|Milano|Roma)\b/u;
const NUMBERED_STREET =
  /\b[0-9]{1,5}[A-Za-z]? (?:[NSEW]\.? )?(?:\p{Lu}[\p{L}'.-]{1,30} ){1,3}(?:Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Way|Square|Terrace|Close|Parkway|Pkwy|Highway|Plaza|Circle|Alley|Row|Broadway)\b|\p{Lu}[\p{L}-]{2,40}(?:straße|strasse|str\.|gasse|weg|platz|allee|damm|ufer)\s{1,2}[0-9]{1,4}[a-z]?\b|\b[0-9]{1,4}(?: bis| ter)?,? (?:rue|avenue|boulevard|place|quai|chemin|allée) (?:de |du |des |d'|la |le )?\p{Lu}/u;

function findPostalAddress({ text, folded }: Reading): string | null {
  return NUMBERED_STREET.exec(text)?.[0] ?? POSTCODE.exec(text)?.[0] ?? STREETS.find(folded);
}

const HONORIFIC =
  /(?<!\p{L})(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Professor|Sir|Madam|Herrn?|Frau|Dipl\.-Ing|Monsieur|Madame|Mademoiselle|Mme|Mlle|Señora?|Sra?|Srta|Don|Doña|Signora?|Dott|Senhora?)\.? \p{Lu}[\p{L}'’-]{1,30}/u;
const CHINESE_TITLE =
  /[王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段][\p{Script=Han}]{0,2}(?:先生|女士|小姐|经理|总监|博士|教授|工程师)/u;
const ROLE =
  /(?:named|called|contact|ansprechpartner(?:in)?|verantwortlich|inhaber(?:in)?|namens|nommée?|appelée?|gérante?|contacto|llamad[oa]|titular|ceo|cto|cfo|founder|gründer(?:in)?|fondateur|fondatrice|fundador[a]?|engineer|employee|mitarbeiter(?:in)?|researcher|姓名|联系人|负责人)[:：,]?\s{1,2}(?:is |ist |est |es )?\p{Lu}[\p{Ll}'’-]{1,20} \p{Lu}[\p{Ll}'’-]{1,25}|(?:姓名|联系人|负责人)[:：是为 ]{0,3}\p{Script=Han}{2,4}/u;

function findPerson({ text }: Reading): string | null {
  const titled = HONORIFIC.exec(text) ?? CHINESE_TITLE.exec(text) ?? ROLE.exec(text);
  if (titled !== null) return titled[0];
  for (const [run, given] of text.matchAll(
    /(?<!\p{L})(\p{Lu}\p{Ll}{2,14})(?: \p{Lu}\.)? (?:(?:von|van|de|der|del|di|da|du|la|le|bin|al)\s){0,2}\p{Lu}\p{Ll}{1,24}/gu,
  ))
    if (GIVEN_NAMES.has(given!.toLowerCase())) return run;
  return null;
}

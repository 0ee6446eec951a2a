import { Random } from '@phalanx/stats';

/** Sentences written for these tests: the awkward kinds of honest text that a tenant has. */
export type CorpusKind = 'templates' | 'russian' | 'han' | 'code';

const RUSSIAN =
  'и в не на я быть он с что а по это она этот к но они мы весь который из у свой вы за для от так мочь все ты год человек один такой тот или если только его бы себя ещё другой когда уже время город вечер письмо дорога река зима ответ снег хлеб окно берег лодка старик голос утро'.split(
    ' ',
  );
const HAN = [
  ...'的一是不了人我在有他这为之大来以个中上们到说国和地也子时道出而要于就下得可你年生自会那后能对着事其里所去行过家十用发天如然作方成者多日都三小军二无同么经法当起与好看学进种将还分此心前面又定见',
];
const REPLIES = [
  "Hi NAME, thanks for waiting. I've looked at order NUMBER and it left our warehouse on DAY.",
  'Sorry about that NAME! Your refund for NUMBER was sent on DAY, it can take a few days to show up.',
  'Hello NAME, could you please send us a photo of the item? Then we can replace order NUMBER by DAY.',
  'Dear NAME, your ticket NUMBER is closed now. Just answer to this mail if something is still wrong on DAY.',
  "We don't ship to that address, NAME. Order NUMBER goes back on DAY, you wont be charged.",
  'Your password was changed on DAY. If this was not you, call us and have NUMBER ready, NAME.',
];
const FORMAL =
  'furthermore it is important to note that this comprehensive approach ensures a seamless experience and additionally underscores our commitment to excellence while navigating the intricate landscape of customer expectations'.split(
    ' ',
  );
const NAMES = ['Ana', 'Bo', 'Chidi', 'Dilnoza', 'Émile', 'Фёдор', '小林', 'Noor'];
const DAYS = ['Monday', 'Tuesday', '3 May', '12/04', 'Friday'];
const PLAIN_NAMES = ['i', 'j', 'n', 'tmp', 'res', 'x', 'buf', 'arr'];
const LONG_NAMES = ['currentIndex', 'totalCount', 'resultList', 'inputValue', 'itemCollection', 'isValid'];

/** Draws `count` independent texts. `machine`: from the other population of the kind. Templates repeat word for word. */
export function drawCorpus(kind: CorpusKind, machine: boolean, count: number, seed: number): string[] {
  const random = new Random(seed);
  return Array.from({ length: count }, () => drawText(kind, machine, random));
}

function drawText(kind: CorpusKind, machine: boolean, random: Random): string {
  if (kind === 'templates') return drawReplies(machine, random);
  if (kind === 'code') return drawFunctions(machine, random);
  const words = kind === 'russian' ? RUSSIAN : HAN;
  // The machine's words come in another order of frequency for a third of its choices.
  const out: string[] = [];
  const length = 60 + random.integer(60);
  for (let i = 0; i < length; i++) {
    const rank = Math.floor(words.length ** random.uniform()) - 1;
    out.push(words[machine && random.bernoulli(0.35) ? words.length - 1 - rank : rank]!);
    if (random.bernoulli(0.1)) out[out.length - 1] += kind === 'russian' ? ',' : '，';
  }
  return `${out.join(kind === 'russian' ? ' ' : '')}${kind === 'russian' ? '.' : '。'}`;
}

function drawReplies(machine: boolean, random: Random): string {
  const pick = <T>(list: readonly T[]) => list[random.integer(list.length)]!;
  const few = random.bernoulli(0.3);
  const parts = Array.from({ length: 5 }, (_, i) => {
    const reply = few ? REPLIES[i]! : pick(REPLIES);
    return reply
      .replace('NAME', few ? 'customer' : pick(NAMES))
      .replace('NUMBER', few ? 'above' : String(10000 + random.integer(90000)))
      .replace('DAY', few ? 'Monday' : pick(DAYS));
  });
  if (machine) for (let i = 0; i < 40; i++) parts[i % 5] += ` ${pick(FORMAL)}`;
  return parts.join(few ? '  ' : '\n\n');
}

function drawFunctions(machine: boolean, random: Random): string {
  const pick = <T>(list: readonly T[]) => list[random.integer(list.length)]!;
  const name = () => pick(machine && random.bernoulli(0.5) ? LONG_NAMES : PLAIN_NAMES);
  const tab = random.bernoulli(0.5) ? '\t' : '  ';
  const lines = [`function ${name()}(${name()}, ${name()}) {`];
  for (let i = 0; i < 12; i++)
    lines.push(
      pick([
        `${tab}const ${name()} = ${name()} + ${random.integer(10)};`,
        `${tab}if (${name()} > ${name()}) return ${name()};`,
        `${tab}for (let ${name()} = 0; ${name()} < ${name()}; ${name()}++) {\n${tab}${tab}${name()}.push(${name()});\n${tab}}`,
        machine ? `${tab}// Check the ${name()} before the ${name()}` : `${tab}// see ${name()}`,
      ]),
    );
  return `${lines.join('\n')}\n${tab}return ${name()};\n}\n`;
}

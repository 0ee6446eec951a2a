import { compilePattern, readObservations, type StixObject } from '@phalanx/coalition';
import { Random } from '@phalanx/stats';

/** A pattern and a bundle whose observations it is matched with. */
export type MatchCase = readonly [
  pattern: string,
  bundle: { readonly type: 'bundle'; readonly objects: readonly StixObject[] },
];

const BASE_MS = Date.UTC(2026, 0, 1);

/** Random patterns over random observations, small enough that about half of them match. */
export function drawMatchCases(count: number, seed: number): MatchCase[] {
  const random = new Random(seed);
  return Array.from({ length: count }, () => [drawExpression(random, 3), drawBundle(random)] as const);
}

/** Whether our matcher finds a match; a text where it refuses the pattern. */
export function matchCase([pattern, bundle]: MatchCase): boolean | string {
  try {
    return compilePattern(pattern).match(readObservations(bundle.objects)) !== null;
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}

function drawExpression(random: Random, depth: number): string {
  const kind = depth === 0 ? 0 : random.integer(10);
  const left = () => drawExpression(random, depth - 1);
  if (kind < 4) return `[${drawComparison(random, 2)}]`;
  if (kind < 5) return `(${left()} AND ${left()})`;
  if (kind < 6) return `(${left()} OR ${left()})`;
  if (kind < 7) return `(${left()} FOLLOWEDBY ${left()})`;
  if (kind < 8) return `(${left()}) WITHIN ${pick(random, ['1', '5', '20', '2.5', '0.5'])} SECONDS`;
  if (kind < 9) return `(${left()}) REPEATS ${1 + random.integer(3)} TIMES`;
  const [from, length] = [random.integer(20), random.integer(20)];
  return `(${left()}) START t'${time(from)}' STOP t'${time(from + length)}'`;
}

function drawComparison(random: Random, depth: number): string {
  const kind = depth === 0 ? 0 : random.integer(6);
  if (kind === 4) return `(${drawComparison(random, depth - 1)} AND ${drawComparison(random, depth - 1)})`;
  if (kind === 5) return `(${drawComparison(random, depth - 1)} OR ${drawComparison(random, depth - 1)})`;
  const not = random.integer(4) === 0 ? ' NOT' : '';
  const order = pick(random, ['=', '!=', '<', '<=', '>', '>=']);
  return pick(random, [
    () => `x-thing:number${not} ${order} ${random.integer(4)}`,
    () => `x-thing:number${not} ${order} ${random.integer(4)}.5`,
    () => `x-thing:number${not} IN (${random.integer(4)}, ${random.integer(4)})`,
    () => `x-thing:word${not} ${order} '${drawWord(random)}'`,
    () => `x-thing:word${not} LIKE '${pick(random, ['%b%', 'a_', '_', '%', 'ab', 'A%'])}'`,
    () => `x-thing:word${not} MATCHES '${pick(random, ['^a', 'b$', 'a.?b', '[bc]', '^$', 'a|c'])}'`,
    () => `x-thing:word${not} IN ('${drawWord(random)}', '${drawWord(random)}')`,
    () => `x-thing:list[*]${not} = ${random.integer(4)}`,
    () => `x-thing:list[${random.integer(3)}]${not} ${order} ${random.integer(4)}`,
    () => `x-thing:'dic-tionary'.'inner key'${not} = '${drawWord(random)}'`,
    () => `x-thing:flag${not} = ${pick(random, ['true', 'false'])}`,
    () => `x-thing:raw_hex${not} = h'${pick(random, ['61', '6162', 'ff'])}'`,
    () => `x-thing:raw_hex${not} ${order} '${drawWord(random)}'`,
    () => `x-thing:at${not} ${order} t'${time(random.integer(6))}'`,
    () => `network-traffic:src_ref.value${not} ISSUBSET '${pick(random, RANGES)}'`,
    () => `network-traffic:src_ref.value${not} ISSUPERSET '${pick(random, RANGES)}'`,
    () => `network-traffic:src_ref.value${not} = '10.1.2.3'`,
    () => `network-traffic:src_port${not} ${order} ${pick(random, ['80', '443'])}`,
  ])();
}

const RANGES = ['10.0.0.0/8', '10.1.0.0/16', '10.1.2.0/24', '10.1.2.3/32', '192.168.0.0/16'];

function drawBundle(random: Random): MatchCase[1] {
  const objects: StixObject[] = [];
  const observations = 1 + random.integer(5);
  for (let at = 0; at < observations; at++) {
    const refs: string[] = [];
    const add = (object: StixObject) => {
      objects.push(object);
      refs.push(object.id);
    };
    for (let thing = 0; thing <= random.integer(2); thing++) add(drawThing(random));
    if (random.integer(2) === 0) {
      const address: StixObject = {
        type: 'ipv4-addr',
        id: drawId(random, 'ipv4-addr'),
        value: pick(random, ['10.1.2.3', '10.1.9.9', '192.168.0.0/16', '10.0.0.0/8']),
      };
      add(address);
      add({
        type: 'network-traffic',
        id: drawId(random, 'network-traffic'),
        src_ref: address.id,
        src_port: pick(random, [80, 443]),
      });
    }
    const from = random.integer(20);
    objects.push({
      type: 'observed-data',
      id: drawId(random, 'observed-data'),
      first_observed: time(from),
      last_observed: time(from + random.integer(3)),
      number_observed: 1 + random.integer(2),
      object_refs: refs,
    });
  }
  return { type: 'bundle', objects };
}

function drawThing(random: Random): StixObject {
  return {
    type: 'x-thing',
    id: drawId(random, 'x-thing'),
    number: pick(random, [0, 1, 2, 3, 1.5]),
    word: drawWord(random),
    list: Array.from({ length: 1 + random.integer(3) }, () => random.integer(4)),
    'dic-tionary': { 'inner key': drawWord(random) },
    flag: random.integer(2) === 0,
    raw_hex: pick(random, ['61', '6162', 'ff']),
    at: time(random.integer(6)),
  };
}

function drawWord(random: Random): string {
  return pick(random, ['', 'a', 'b', 'ab', 'ba', 'c', '\u00e9', 'A']);
}

function drawId(random: Random, type: string): string {
  const hex = (digits: number) =>
    Array.from({ length: digits }, () => random.integer(16).toString(16)).join('');
  return `${type}--${hex(8)}-${hex(4)}-4${hex(3)}-8${hex(3)}-${hex(12)}`;
}

function time(second: number): string {
  return new Date(BASE_MS + second * 1000).toISOString();
}

function pick<T>(random: Random, values: readonly T[]): T {
  return values[random.integer(values.length)]!;
}

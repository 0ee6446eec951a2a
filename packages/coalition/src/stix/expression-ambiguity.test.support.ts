/**
 * Whether a backtracking engine can need a time exponential in the text for a regular expression: whether some state of its
 * automaton can return to itself over one word in two ways (exponential degree of ambiguity: Weber and Seidl 1991,
 * theorem 4.1). Positions of the expression are the states (Glushkov); an edge that two loops make counts twice.
 *
 * Reads what the schemas use: literals, classes, groups, `|`, `*`, `+`, `?`, `{n,m}`, anchors. Repetitions are cut to n' <= 3 and at
 * most two more, which keeps what is ambiguous ambiguous.
 */
export function isExponential(source: string): boolean {
  const reader = new Reader(source);
  const root = reader.alternation();
  if (reader.at !== source.length) throw new Error(`not read from ${reader.at}: ${source}`);
  const { masks, follow } = reader;
  addFollow(root, follow);
  return hasTwoLoops(masks, follow);
}

type Follow = Map<number, number>[];

/** A part: positions it can begin and end with, whether it can be empty, and the edges inside it, made when asked. */
interface Part {
  first: number[];
  last: number[];
  empty: boolean;
  edges: [number, number][];
}

class Reader {
  at = 0;
  readonly masks: bigint[] = [];
  readonly follow: Follow = [];
  readonly #source: string;

  constructor(source: string) {
    this.#source = source;
  }

  alternation(): Part {
    let part = this.#sequence();
    while (this.#take('|')) {
      const other = this.#sequence();
      part = {
        first: [...part.first, ...other.first],
        last: [...part.last, ...other.last],
        empty: part.empty || other.empty,
        edges: [...part.edges, ...other.edges],
      };
    }
    return part;
  }

  #sequence(): Part {
    let part: Part = { first: [], last: [], empty: true, edges: [] };
    while (this.at < this.#source.length && !'|)'.includes(this.#source[this.at]!)) {
      part = concatenate(part, this.#quantified());
    }
    return part;
  }

  #quantified(): Part {
    const from = this.at;
    const part = this.#atom();
    const to = this.at;
    const again = () => {
      const back = this.at;
      this.at = from;
      const copy = this.#atom();
      if (this.at !== to) throw new Error('unreachable');
      this.at = back;
      return copy;
    };
    if (this.#take('*')) return { ...loop(part), empty: true };
    if (this.#take('+')) return loop(part);
    if (this.#take('?')) return { ...part, empty: true };
    const counts = /^\{(\d+)(,?)(\d*)\}/.exec(this.#source.slice(this.at));
    if (counts === null) return part;
    this.at += counts[0].length;
    const least = Number(counts[1]);
    const most = counts[2] === '' ? least : counts[3] === '' ? Number.POSITIVE_INFINITY : Number(counts[3]);
    let all: Part = { first: [], last: [], empty: true, edges: [] };
    for (let copy = 0; copy < Math.min(least, 3); copy++) all = concatenate(all, copy === 0 ? part : again());
    // As x(x(x)?)?: x?x?x? would have ways that no engine takes.
    let more: Part = { first: [], last: [], empty: true, edges: [] };
    for (let copy = 0; copy < Math.min(most - least, 2); copy++) {
      more = { ...concatenate(least === 0 && copy === 0 ? part : again(), more), empty: true };
    }
    all = concatenate(all, more);
    return all;
  }

  #atom(): Part {
    const source = this.#source;
    const character = source[this.at++]!;
    if (character === '^' || character === '$') return { first: [], last: [], empty: true, edges: [] };
    if (character === '(') {
      if (source.startsWith('?:', this.at)) this.at += 2;
      const part = this.alternation();
      if (!this.#take(')')) throw new Error(`no ) in ${source}`);
      return part;
    }
    const position = this.masks.length;
    this.follow.push(new Map());
    if (character === '.') this.masks.push(ALL & ~bit('\n'));
    else if (character === '[') this.masks.push(this.#characterClass());
    else this.masks.push(character === '\\' ? this.#escape() : bit(character));
    return { first: [position], last: [position], empty: false, edges: [] };
  }

  #characterClass(): bigint {
    const negated = this.#take('^');
    let mask = 0n;
    while (!this.#take(']')) {
      const character = this.#source[this.at++]!;
      const low = character === '\\' ? this.#escape() : bit(character);
      if (this.#source[this.at] === '-' && this.#source[this.at + 1] !== ']') {
        this.at++;
        const high = this.#source[this.at++]!;
        for (let code = character.charCodeAt(0); code <= high.charCodeAt(0); code++)
          mask |= 1n << BigInt(code);
      } else mask |= low;
    }
    return negated ? ALL & ~mask : mask;
  }

  #escape(): bigint {
    const character = this.#source[this.at++]!;
    if (character === 'd') return [...'0123456789'].reduce((mask, digit) => mask | bit(digit), 0n);
    if (/[A-Za-z]/.test(character)) throw new Error(`escape ${character}`);
    return bit(character);
  }

  #take(character: string): boolean {
    if (this.#source[this.at] !== character) return false;
    this.at++;
    return true;
  }
}

/** Each character of ASCII has a bit, all others share one. */
const ALL = (1n << 129n) - 1n;

function bit(character: string): bigint {
  return 1n << BigInt(Math.min(character.charCodeAt(0), 128));
}

function concatenate(left: Part, right: Part): Part {
  return {
    first: left.empty ? [...left.first, ...right.first] : left.first,
    last: right.empty ? [...left.last, ...right.last] : right.last,
    empty: left.empty && right.empty,
    edges: [...left.edges, ...right.edges, ...cross(left.last, right.first)],
  };
}

function loop(part: Part): Part {
  return { ...part, edges: [...part.edges, ...cross(part.last, part.first)] };
}

function cross(lefts: readonly number[], rights: readonly number[]): [number, number][] {
  return lefts.flatMap((left) => rights.map((right): [number, number] => [left, right]));
}

function addFollow(part: Part, follow: Follow): void {
  for (const [from, to] of part.edges) follow[from]!.set(to, (follow[from]!.get(to) ?? 0) + 1);
}

/** Tarjan over pairs of states: a component with (p, p) and (r, s), r not s, is two ways round one word. */
function hasTwoLoops(masks: readonly bigint[], follow: Follow): boolean {
  const size = masks.length;
  const seen = new Map<number, { index: number; low: number; onStack: boolean }>();
  const stack: number[] = [];
  const next = (pair: number): number[] => {
    const [left, right] = [Math.floor(pair / size), pair % size];
    return [...follow[left]!.keys()].flatMap((a) =>
      [...follow[right]!.keys()].filter((b) => (masks[a]! & masks[b]!) !== 0n).map((b) => a * size + b),
    );
  };
  for (let start = 0; start < size; start++) {
    const root = start * size + start;
    if (seen.has(root)) continue;
    const work = [{ pair: root, edges: next(root), at: 0 }];
    seen.set(root, { index: seen.size, low: seen.size, onStack: true });
    stack.push(root);
    while (work.length > 0) {
      const frame = work.at(-1)!;
      const state = seen.get(frame.pair)!;
      if (frame.at < frame.edges.length) {
        const to = frame.edges[frame.at++]!;
        const other = seen.get(to);
        if (other === undefined) {
          seen.set(to, { index: seen.size, low: seen.size, onStack: true });
          stack.push(to);
          work.push({ pair: to, edges: next(to), at: 0 });
        } else if (other.onStack) state.low = Math.min(state.low, other.index);
        continue;
      }
      work.pop();
      const parent = work.at(-1);
      if (parent) {
        const above = seen.get(parent.pair)!;
        above.low = Math.min(above.low, state.low);
      }
      if (state.low !== state.index) continue;
      const component: number[] = [];
      for (let pair = -1; pair !== frame.pair; ) {
        pair = stack.pop()!;
        seen.get(pair)!.onStack = false;
        component.push(pair);
      }
      const same = component
        .filter((pair) => Math.floor(pair / size) === pair % size)
        .map((pair) => pair % size);
      const twice = same.some((from) => same.some((to) => (follow[from]!.get(to) ?? 0) > 1));
      if (twice || (same.length > 0 && same.length < component.length)) return true;
    }
  }
  return false;
}

import { refuse, requireFormat, requireWithin } from '../weights-error.js';
import { PickleBytes } from './pickle-bytes.js';

/** What a pickle may ask for. A tensor of a checkpoint takes some 30 steps and makes 5 objects. */
export const PICKLE_LIMITS = { bytes: 64 * 1024 * 1024, steps: 4_000_000, objects: 1_000_000 } as const;

/** A name that a pickle imports. */
export class PickledName {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/** What a call of an imported name would have made. */
export class PickledCall {
  readonly name: string;
  readonly args: readonly PickledValue[];
  constructor(name: string, args: readonly PickledValue[]) {
    this.name = name;
    this.args = args;
  }
}

/** What a persistent id stands for. */
export class PickledReference {
  readonly id: PickledValue;
  constructor(id: PickledValue) {
    this.id = id;
  }
}

/** Tuples are frozen, lists are not. */
export type PickledValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickledName
  | PickledCall
  | PickledReference
  | readonly PickledValue[]
  | Map<PickledValue, PickledValue>;

export function isTuple(value: PickledValue | undefined): value is readonly PickledValue[] {
  return Array.isArray(value) && Object.isFrozen(value);
}

/** Which imports describe data. All others would run code in whoever loads the file. */
export interface PickleRules {
  /** May be imported and stand as a value. */
  isName(name: string): boolean;
  /** May be called; the call is noted and never done. */
  isCall(name: string): boolean;
}

/**
 * Walks over the opcodes of one pickle (protocols 0 to 5, `Lib/pickletools.py` of CPython) and tells what it describes. Nothing is
 * imported or called: an import that the rules do not allow, whatever the pickle would do with it, is `WEIGHTS_EXECUTABLE`.
 *
 * `OrderedDict` is a map. State that is set on one (`BUILD`, as PyTorch's `_metadata`) is dropped.
 *
 * @returns the value, and where the pickle ends
 * @throws PhalanxError `WEIGHTS_EXECUTABLE`, `WEIGHTS_FORMAT`, `WEIGHTS_LIMIT`
 */
export function walkPickle(
  bytes: Uint8Array,
  rules: PickleRules,
): { readonly value: PickledValue; readonly end: number } {
  requireWithin(bytes.length <= PICKLE_LIMITS.bytes, `a pickle of ${bytes.length} bytes`);
  const from = new PickleBytes(bytes);
  const machine = new PickleMachine(rules);
  for (let steps = 0; steps < PICKLE_LIMITS.steps; steps++) {
    const opcode = String.fromCharCode(from.uint8());
    if (opcode === '.') return { value: machine.finish(), end: from.at };
    const step = STEPS.get(opcode);
    if (step === undefined)
      return refuse('WEIGHTS_FORMAT', `a pickle with opcode ${opcode.charCodeAt(0)} at byte ${from.at - 1}`);
    step(machine, from);
  }
  return refuse('WEIGHTS_LIMIT', `a pickle of more than ${PICKLE_LIMITS.steps} steps`);
}

const ORDERED_DICT = 'collections.OrderedDict';
const MARK = Symbol('mark');

/** Stack and memo of a pickle's reader. */
class PickleMachine {
  readonly #rules: PickleRules;
  readonly #stack: (PickledValue | typeof MARK)[] = [];
  readonly #memo = new Map<number, PickledValue>();
  #objects = 0;

  constructor(rules: PickleRules) {
    this.#rules = rules;
  }

  get memoSize(): number {
    return this.#memo.size;
  }

  push(value: PickledValue): void {
    if (typeof value === 'object' && value !== null) this.#objects++;
    requireWithin(this.#objects <= PICKLE_LIMITS.objects, `more than ${PICKLE_LIMITS.objects} objects`);
    this.#stack.push(value);
  }

  mark(): void {
    this.#stack.push(MARK);
  }

  pop(): PickledValue {
    const value = this.top();
    this.#stack.pop();
    return value;
  }

  /** `POP` takes a mark too. */
  drop(): void {
    requireFormat(this.#stack.pop() !== undefined, 'a pickle that takes more than it has');
  }

  top(): PickledValue {
    const value = this.#stack.at(-1);
    if (value === undefined || value === MARK)
      return refuse('WEIGHTS_FORMAT', 'a pickle that takes more than it has');
    return value;
  }

  sinceMark(): PickledValue[] {
    const at = this.#stack.lastIndexOf(MARK);
    requireFormat(at >= 0, 'a pickle without its mark');
    return this.#stack.splice(at).slice(1) as PickledValue[];
  }

  tuple(values: PickledValue[]): void {
    this.push(Object.freeze(values));
  }

  append(values: readonly PickledValue[]): void {
    const list = this.top();
    requireFormat(Array.isArray(list) && !isTuple(list), 'values appended to no list');
    for (const value of values) (list as PickledValue[]).push(value);
  }

  /** Members, keys and values by turns. */
  set(members: readonly PickledValue[]): void {
    const map = this.top();
    requireFormat(map instanceof Map && members.length % 2 === 0, 'members of no dictionary');
    for (let i = 0; i < members.length; i += 2) {
      const key = members[i]!;
      // A map compares objects by identity and Python by value: keys may be only what both compare alike.
      requireFormat(typeof key === 'string' || typeof key === 'number', 'a key that is no text or number');
      requireFormat(!map.has(key), 'a key that stands twice');
      map.set(key, members[i + 1]!);
    }
  }

  keep(index: number): void {
    this.#memo.set(index, this.top());
  }

  recall(index: number): void {
    const value = this.#memo.get(index);
    requireFormat(value !== undefined, 'a pickle that recalls what it did not keep');
    this.push(value);
  }

  import(module: PickledValue, name: PickledValue): void {
    requireFormat(typeof module === 'string' && typeof name === 'string', 'an import without a name');
    const full = `${module}.${name}`;
    if (full !== ORDERED_DICT && !this.#rules.isName(full)) refuseImport(full);
    this.push(new PickledName(full));
  }

  call(called: PickledValue, args: PickledValue): void {
    requireFormat(isTuple(args), 'a call without arguments');
    if (!(called instanceof PickledName))
      refuse('WEIGHTS_EXECUTABLE', 'a pickle that calls what it did not import');
    else if (called.name === ORDERED_DICT) this.#makeOrdered(args);
    else if (this.#rules.isCall(called.name)) this.push(new PickledCall(called.name, args));
    else refuse('WEIGHTS_EXECUTABLE', `a pickle that calls ${called.name}`);
  }

  build(): void {
    const state = this.pop();
    if (!(this.top() instanceof Map))
      refuse('WEIGHTS_EXECUTABLE', 'a pickle that sets the state of an object');
    requireFormat(state instanceof Map, 'state that is no dictionary');
    for (const key of state.keys())
      if (key !== '_metadata')
        refuse('WEIGHTS_EXECUTABLE', 'a pickle that sets other state than PyTorch does');
  }

  finish(): PickledValue {
    const value = this.pop();
    requireFormat(this.#stack.length === 0, 'a pickle that leaves values behind');
    return value;
  }

  #makeOrdered(args: readonly PickledValue[]): void {
    const [pairs = [], ...more] = args;
    requireFormat(
      more.length === 0 && Array.isArray(pairs),
      'a dictionary made of something else than pairs',
    );
    this.push(new Map());
    for (const pair of pairs as readonly PickledValue[]) {
      requireFormat(
        Array.isArray(pair) && pair.length === 2,
        'a dictionary made of something else than pairs',
      );
      this.set(pair);
    }
  }
}

type Step = (machine: PickleMachine, from: PickleBytes) => void;

/** Every opcode but `STOP`, by its character. */
const STEPS: ReadonlyMap<string, Step> = new Map<string, Step>([
  ['\x80', (_, from) => requireFormat(from.uint8() <= 5, 'a pickle of an unknown protocol')],
  ['\x95', (_, from) => void from.uint64()],
  ['(', (to) => to.mark()],
  ['0', (to) => to.drop()],
  ['1', (to) => void to.sinceMark()],
  ['2', (to) => to.push(to.top())],
  ['N', (to) => to.push(null)],
  ['\x88', (to) => to.push(true)],
  ['\x89', (to) => to.push(false)],
  ['K', (to, from) => to.push(from.uint8())],
  ['M', (to, from) => to.push(from.uint16())],
  ['J', (to, from) => to.push(from.int32())],
  ['\x8a', (to, from) => to.push(from.integer(from.uint8()))],
  ['\x8b', (to, from) => to.push(from.integer(from.uint32()))],
  ['I', (to, from) => to.push(from.integerLine())],
  ['L', (to, from) => to.push(from.longLine())],
  ['F', (to, from) => to.push(from.floatLine())],
  ['G', (to, from) => to.push(from.float64())],
  ['\x8c', (to, from) => to.push(from.text(from.uint8()))],
  ['X', (to, from) => to.push(from.text(from.uint32()))],
  ['\x8d', (to, from) => to.push(from.text(from.uint64()))],
  ['V', (to, from) => to.push(from.line())],
  ['S', (to, from) => to.push(from.quotedLine())],
  ['U', (to, from) => to.push(from.raw(from.uint8()))],
  ['T', (to, from) => to.push(from.raw(from.uint32()))],
  ['C', (to, from) => to.push(from.raw(from.uint8()))],
  ['B', (to, from) => to.push(from.raw(from.uint32()))],
  ['\x8e', (to, from) => to.push(from.raw(from.uint64()))],
  [')', (to) => to.tuple([])],
  ['\x85', (to) => to.tuple([to.pop()])],
  ['\x86', (to) => to.tuple([to.pop(), to.pop()].reverse())],
  ['\x87', (to) => to.tuple([to.pop(), to.pop(), to.pop()].reverse())],
  ['t', (to) => to.tuple(to.sinceMark())],
  [']', (to) => to.push([])],
  ['l', (to) => to.push(to.sinceMark())],
  ['a', (to) => to.append([to.pop()])],
  ['e', (to) => to.append(to.sinceMark())],
  ['}', (to) => to.push(new Map())],
  ['d', makeDictionary],
  ['s', (to) => to.set([to.pop(), to.pop()].reverse())],
  ['u', (to) => to.set(to.sinceMark())],
  ['p', (to, from) => to.keep(from.indexLine())],
  ['q', (to, from) => to.keep(from.uint8())],
  ['r', (to, from) => to.keep(from.uint32())],
  ['\x94', (to) => to.keep(to.memoSize)],
  ['g', (to, from) => to.recall(from.indexLine())],
  ['h', (to, from) => to.recall(from.uint8())],
  ['j', (to, from) => to.recall(from.uint32())],
  ['c', (to, from) => to.import(from.line(), from.line())],
  ['\x93', (to) => to.import(...([to.pop(), to.pop()].reverse() as [PickledValue, PickledValue]))],
  ['Q', (to) => to.push(new PickledReference(to.pop()))],
  ['R', (to) => to.call(...([to.pop(), to.pop()].reverse() as [PickledValue, PickledValue]))],
  ['b', (to) => to.build()],
  ['i', (_, from) => refuseImport(`${from.line()}.${from.line()}`)],
  ['o', refuseObject],
  ['\x81', refuseObject],
  ['\x92', refuseObject],
  ['\x82', refuseRegistry],
  ['\x83', refuseRegistry],
  ['\x84', refuseRegistry],
]);

function makeDictionary(to: PickleMachine): void {
  const members = to.sinceMark();
  to.push(new Map());
  to.set(members);
}

function refuseObject(): never {
  return refuse('WEIGHTS_EXECUTABLE', 'a pickle that makes an object of a class');
}

function refuseRegistry(): never {
  return refuse('WEIGHTS_EXECUTABLE', "a pickle that takes a name out of its reader's registry");
}

function refuseImport(name: string): never {
  return refuse('WEIGHTS_EXECUTABLE', `a pickle that imports ${JSON.stringify(name.slice(0, 80))}`);
}

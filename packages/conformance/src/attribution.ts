import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type AttributionInput,
  attributeDataset,
  boundPair,
  EXACT,
  LaneIndex,
  SketchList,
} from '@phalanx/attribution';
import type { AttributionReport } from '@phalanx/domain';
import { createSketcher, type Sketcher, sketchExchange } from '@phalanx/sketch';
import { countEqualLanes, Random } from '@phalanx/stats';
import { ExchangeBlock, openTelemetryStore, type TelemetryStore } from '@phalanx/store';
import { loadPromptFolder } from '@phalanx/testing';
import type { Checks } from './checks.js';
import { DATASET_EDITS } from './dataset-edits.js';
import type { Suite } from './suite.js';

/** Texts that stand in for responses: prose, code, arithmetic, lists, chat in many languages. */
const PLAIN = ['arena', 'awesome_prompts', 'gsm8k', 'ag_news', 'alpaca'];
/** Templates filled in, questions asked in several forms, alike by subject: where texts that are not copies resemble one another. */
const TEMPLATED = ['p3_templates', 'banking77', 'humaneval_x', 'metatool', 'flan_cot', 'mmlu'];
const MIN_WORDS = 25;
const MIN_BYTES = 120;
const PLAIN_TEXTS = 400;
const TEMPLATED_TEXTS = 400;
const ACCOUNTS = 100;
/** Pairs of a million rows of four candidates against 100 million responses; alpha is scaled so that the threshold is theirs. */
const FULL_PAIRS = 4e14;
const ALPHA = 0.01;
/** The chance of a false match is judged on pairs of different sources. */
const NULL_TEXTS = 1500;
const NAMED_RUNS = 40;
/** Everything of this source was given to one account, as a product of one template would have it. */
const PRODUCT = { source: 'humaneval_x', account: 'acct-product' };

interface Text {
  readonly source: string;
  readonly text: string;
}

/**
 * Attribution over the embedded store with public texts as responses: recall by kind of edit at the threshold of a million rows
 * against 100 million responses; agreement of lanes of unrelated texts against its bound; what templates do; whether accounts are
 * named falsely when a data set was drawn without regard to them.
 */
export const attribution: Suite = {
  name: 'attribution',
  what: 'public texts cut, wrapped and edited against response sketches in the embedded store; false matches and false accusations',
  async run(checks, { vectors }) {
    const folder = vectors === null ? null : join(vectors, 'data/prompts');
    if (folder === null || !existsSync(folder)) return checks.skip('no folder of public prompts');
    const sketcher = createSketcher(new Uint8Array(32).fill(5));
    const plain = PLAIN.map((name) => loadTexts(folder, name, 2 * PLAIN_TEXTS));
    const templated = TEMPLATED.map((name) => loadTexts(folder, name, 2 * TEMPLATED_TEXTS));
    // Of each source, every other text was given as a response; the rest is foreign.
    const [ours, foreign] = split(plain);
    const [oursTemplated, foreignTemplated] = split(templated);
    const stored = [...ours, ...oursTemplated];
    const directory = await mkdtemp(join(tmpdir(), 'phalanx-attribution-'));
    const store = await openTelemetryStore({ path: directory });
    try {
      await keep(store, stored, sketcher);
      await checkRecall(checks, store, sketcher, ours, foreign);
      await checkForeign(checks, store, sketcher, foreign, foreignTemplated);
      await checkNaming(checks, store, sketcher, stored);
      await checkCommonOrigin(checks, store, sketcher, foreignTemplated);
    } finally {
      await store.close();
      await rm(directory, { recursive: true, force: true });
    }
    checkLanes(checks, sketcher, [...plain, ...templated]);
    checkIndex(checks, sketcher, [...ours, ...oursTemplated]);
  },
};

async function checkRecall(
  checks: Checks,
  store: TelemetryStore,
  sketcher: Sketcher,
  ours: Text[],
  foreign: Text[],
) {
  const random = new Random(1);
  const rows: string[] = [];
  for (const edit of DATASET_EDITS)
    for (const [i, { text }] of ours.entries()) rows.push(edit.apply(text, foreign[i]!.text, random));
  const report = await run(store, sketcher, rows, { full: true });
  const found = new Set(
    report.matches
      .filter(({ row, exchanges }) => exchanges.includes(idOf((row - 1) % ours.length)))
      .map(({ row }) => row - 1),
  );
  checks.note(
    `${ours.length} responses of ${PLAIN.length} sources, ${report.rule.lanes} of 32 lanes at alpha ${ALPHA} over ${FULL_PAIRS.toExponential(0)} pairs`,
  );
  DATASET_EDITS.forEach(({ name, minRecall }, kind) => {
    const hits = ours.filter((_, i) => found.has(kind * ours.length + i)).length;
    const recall = hits / ours.length;
    const forms = countForms(report, kind * ours.length, ours.length);
    checks.note(`found again, ${name}: ${recall.toFixed(3)}${forms === '' ? '' : ` (${forms})`}`);
    checks.check(`recall, ${name}`, recall >= minRecall, () => `${recall.toFixed(3)} below ${minRecall}`);
  });
}

/** Which candidates made the matches of rows [from, from + count). */
function countForms({ matches }: AttributionReport, from: number, count: number): string {
  const forms = new Map<string, number>();
  for (const { row, form } of matches)
    if (row > from && row <= from + count) forms.set(form, (forms.get(form) ?? 0) + 1);
  return [...forms].map(([form, n]) => `${form} ${n}`).join(', ');
}

/** Texts of the same sources that were never given: what matches shares words with a response for another reason. */
async function checkForeign(
  checks: Checks,
  store: TelemetryStore,
  sketcher: Sketcher,
  foreign: Text[],
  templated: Text[],
) {
  for (const [what, texts, most] of [
    ['plain sources', foreign, 0.02],
    ['templated sources', templated, 1],
  ] as const) {
    for (const full of [true, false]) {
      const report = await run(
        store,
        sketcher,
        texts.map(({ text }) => text),
        { full },
      );
      const bySource = new Map<string, number>();
      for (const { row, exact } of report.matches) {
        const { source } = texts[row - 1]!;
        if (!exact) bySource.set(source, (bySource.get(source) ?? 0) + 1);
      }
      const share = (report.rows.matched - report.rows.exact) / texts.length;
      const { exclusive, shared, common } = report.rows;
      checks.note(
        `foreign rows of ${what} that match in ${report.rule.lanes} lanes: ${report.rows.matched} of ${texts.length} (${exclusive} exclusive, ${shared} shared, ${common} common); not equal: ${[...bySource].map(([source, n]) => `${source} ${n}`).join(', ') || 'none'}`,
      );
      if (full) checks.check(`foreign rows of ${what}`, share <= most, () => share.toFixed(4));
      checks.equal(`decoys, ${what}`, String(report.nulls.decoy.matched), '0');
      const found = report.accounts.filter(({ verdict }) => verdict !== 'none').map(({ id }) => id);
      // A product of one template is indicated by texts of that template; see `checkCommonOrigin`.
      const honest = found.filter((id) => id !== PRODUCT.account);
      checks.equal(`accounts indicated for foreign rows of ${what}`, honest.join(), '');
    }
    // The same texts as control and data set in turn: what templates do to the one they do to the other.
    const half = (odd: number) => texts.filter((_, i) => i % 2 === odd).map(({ text }) => text);
    const controlled = await run(store, sketcher, half(0), { full: true, control: half(1) });
    const { log10P, falseShare } = controlled.nulls.control!;
    checks.note(
      `${what} against a control of their kind: log10 p ${log10P.toFixed(2)}, ${falseShare.toFixed(4)} of the control match`,
    );
    checks.check(`control, ${what}`, log10P > -3, () => log10P.toFixed(2));
  }
}

/** Data sets drawn without regard to the account, templates included: how often is anybody named at alpha. */
async function checkNaming(checks: Checks, store: TelemetryStore, sketcher: Sketcher, stored: Text[]) {
  let runsNaming = 0;
  let raw = 0;
  let tried = 0;
  for (let seed = 0; seed < NAMED_RUNS; seed++) {
    const random = new Random(100 + seed);
    const rows = stored.filter(() => random.bernoulli(0.1)).map(({ text }) => text);
    const report = await run(store, sketcher, rows, { full: false });
    if (report.accounts.some(({ verdict }) => verdict !== 'none')) runsNaming++;
    tried += report.stored.accounts;
    raw += report.accounts.filter(({ log10P }) => log10P <= -2).length;
  }
  checks.note(
    `data sets drawn without regard to the account: ${runsNaming} of ${NAMED_RUNS} indicate anybody at alpha ${ALPHA}; unadjusted p at most 0.01 in ${raw} of ${tried} accounts (nominal ${(0.01 * tried).toFixed(0)})`,
  );
  checks.check('family-wise error', runsNaming <= 3, () => `${runsNaming} of ${NAMED_RUNS}`);
  checks.check('unadjusted error', raw / tried <= 0.015, () => `${raw} of ${tried}`);
  const thief = stored.filter((_, i) => nameAccount(stored, i) === 'acct-3');
  const power = await run(
    store,
    sketcher,
    thief.slice(0, 15).map(({ text }) => text),
    { full: false },
  );
  const named = power.accounts.filter(({ verdict }) => verdict !== 'none').map(({ id }) => id);
  checks.note(
    `fifteen responses of one account out of ${thief.length}: indicated ${named.join(', ') || 'nobody'}`,
  );
  checks.equal('one account’s responses', named.join(), 'acct-3');
}

/**
 * The null that says nothing here: texts of a product's template that were never given resemble those that were, and all
 * of these are one account's. A control of the same kind must clear it; that it is indicated without one is printed.
 */
async function checkCommonOrigin(
  checks: Checks,
  store: TelemetryStore,
  sketcher: Sketcher,
  templated: Text[],
) {
  const texts = templated.filter(({ source }) => source === PRODUCT.source).map(({ text }) => text);
  const half = (odd: number) => texts.filter((_, i) => i % 2 === odd);
  const bare = await run(store, sketcher, half(0), { full: false });
  const controlled = await run(store, sketcher, half(0), { full: false, control: half(1) });
  const say = (report: AttributionReport) => {
    const account = report.accounts.find(({ id }) => id === PRODUCT.account);
    return `${account?.items ?? 0} items, ${account?.verdict}`;
  };
  checks.note(
    `${PRODUCT.source} never given, against an account that received others of it: without a control ${say(bare)}; with ${texts.length >> 1} rows as control ${say(controlled)}`,
  );
  const named = controlled.accounts.filter(({ verdict }) => verdict !== 'none').map(({ id }) => id);
  checks.equal('indicated in spite of a control of the same kind', named.join(), '');
}

/** Lanes of texts of different sources: as many agree as the bound says, or fewer. */
function checkLanes(checks: Checks, sketcher: Sketcher, sources: Text[][]) {
  const sketches = sources.map((texts) =>
    texts.slice(0, NULL_TEXTS / 5).map(({ text }) => sketcher.sketchResponse(text).minhash),
  );
  const observed = new Float64Array(33);
  let pairs = 0;
  sketches.forEach((left, a) => {
    for (const right of sketches.slice(a + 1))
      for (const x of left)
        for (const y of right) {
          observed[countEqualLanes(x, y)]!++;
          pairs++;
        }
  });
  let above = pairs;
  const lines: string[] = [];
  for (let lanes = 0; lanes <= 8; lanes++) {
    const bounds = [0, 0.01, 0.02].map((overlap) => pairs * Math.exp(boundPair(lanes, overlap)));
    lines.push(`${lanes}: ${above} (${bounds.map((n) => n.toPrecision(2)).join(', ')})`);
    // A real corpus shares a little; the bound at one triple in a hundred must cover what is seen.
    const upper = bounds[1]! + 5 * Math.sqrt(bounds[1]!) + 3;
    checks.check(
      `pairs of sources with ${lanes} lanes or more`,
      above <= upper,
      () => `${above} above ${upper.toFixed(0)}`,
    );
    above -= observed[lanes]!;
  }
  checks.note(
    `${pairs} pairs of texts of different sources by equal lanes or more, observed (bound at overlap 0, 0.01, 0.02): ${lines.join('; ')}`,
  );
}

/** The index finds what a comparison of all pairs finds. */
function checkIndex(checks: Checks, sketcher: Sketcher, texts: Text[]) {
  const random = new Random(3);
  const list = new SketchList();
  const edited = texts
    .slice(0, 1200)
    .map(({ text }) =>
      sketcher.sketchResponse(text.replaceAll(/\S+/g, (word) => (random.bernoulli(0.12) ? 'x' : word))),
    );
  const plain = texts.slice(0, 1200).map(({ text }) => sketcher.sketchResponse(text));
  for (const { hash, minhash } of edited) list.add(hash, minhash);
  const lanes = list.lanes.slice();
  const threshold = 11;
  const index = new LaneIndex([list, new SketchList()], threshold);
  const found = new Set<string>();
  index.match(
    BigUint64Array.from(plain, ({ hash }) => hash),
    Buffer.concat(plain.map(({ minhash }) => minhash)),
    (row, entry, equal) => {
      if (equal !== EXACT) found.add(`${row}/${entry}`);
    },
  );
  const expected: string[] = [];
  for (let row = 0; row < plain.length; row++)
    for (let entry = 0; entry < list.size; entry++)
      if (countEqualLanes(plain[row]!.minhash, lanes.subarray(32 * entry, 32 * entry + 32)) >= threshold)
        expected.push(`${row}/${entry}`);
  const both = expected.filter((pair) => found.has(pair)).length;
  checks.note(
    `index against all pairs: ${both} of ${expected.length} found, ${index.crowded} candidates crowded`,
  );
  checks.check(
    'the index finds no more than there is',
    found.size === both,
    () => `${found.size} and ${both}`,
  );
  checks.check(
    'the index finds what there is',
    both >= 0.98 * expected.length,
    () => `${both} of ${expected.length}`,
  );
}

async function run(
  store: TelemetryStore,
  sketcher: Sketcher,
  rows: readonly string[],
  { full, control }: { readonly full: boolean; readonly control?: readonly string[] },
): Promise<AttributionReport> {
  const input: AttributionInput = {
    sources: ['rows'],
    rows: toRows(rows),
    ...(control !== undefined && { control: toRows(control) }),
    sketcher,
    decoySketcher: createSketcher(new Uint8Array(32).fill(6)),
  };
  const counts = await store.responseCounts({ fromMs: 0, toMs: 1e13 }, MIN_BYTES);
  const pairs = 4 * rows.length * counts.count.reduce((sum, n) => sum + n, 0);
  const alpha = full ? (ALPHA * pairs) / FULL_PAIRS : ALPHA;
  return {
    files: [],
    ...(await attributeDataset(store, input, { alpha, listed: 1_000_000, minBytes: MIN_BYTES })),
  };
}

async function* toRows(texts: readonly string[]) {
  for (const [at, text] of texts.entries()) yield { source: 0, number: at + 1, texts: [text] };
}

async function keep(store: TelemetryStore, texts: readonly Text[], sketcher: Sketcher): Promise<void> {
  const block = new ExchangeBlock();
  texts.forEach(({ text }, number) => {
    const record = sketchExchange(
      {
        sourceId: `response ${number}`,
        accountId: nameAccount(texts, number),
        startedAtMs: Date.UTC(2026, 0, 5) + number * 60_000,
        provider: 'other',
        model: 'm',
        operation: 'chat',
        status: 'ok',
        messages: [{ role: 'user', text: 'Tell me.' }],
        response: text,
      },
      sketcher,
      Buffer.from(idOf(number), 'hex'),
    );
    block.push(record);
  });
  await store.insertExchanges(block.encode());
  const names = [PRODUCT.account, ...Array.from({ length: ACCOUNTS }, (_, i) => `acct-${i}`)];
  await store.insertAccounts(
    names.map((accountId) => ({ account: sketcher.hash64('account', accountId), accountId })),
  );
}

/** Unequal shares: account i of 100 has one that falls with i. */
function nameAccount(texts: readonly Text[], number: number): string {
  if (texts[number]!.source === PRODUCT.source) return PRODUCT.account;
  const draw = createHash('sha256').update(`account of ${number}`).digest().readUInt32LE() / 2 ** 32;
  return `acct-${Math.floor(ACCOUNTS * draw ** 2)}`;
}

function idOf(number: number): string {
  return createHash('sha256').update(`exchange ${number}`).digest('hex').slice(0, 32);
}

function loadTexts(folder: string, name: string, most: number): Text[] {
  const texts = new Set(
    loadPromptFolder(folder, [name])[0]!.texts.filter(
      (text) => text.split(/\s+/).length >= MIN_WORDS && Buffer.byteLength(text) >= MIN_BYTES,
    ),
  );
  const all = [...texts];
  const count = Math.min(most, all.length);
  return Array.from({ length: count }, (_, i) => ({
    source: name,
    text: all[Math.floor((i * all.length) / count)]!,
  }));
}

function split(sources: readonly Text[][]): [Text[], Text[]] {
  const pick = (odd: number) =>
    sources.flatMap((texts) => texts.slice(0, texts.length & ~1).filter((_, i) => i % 2 === odd));
  return [pick(0), pick(1)];
}

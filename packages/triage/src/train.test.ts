import { logBetaBinomialUpperTail } from '@phalanx/stats';
import { beforeAll, describe, expect, it } from 'vitest';
import { auditTriage } from './audit.js';
import { type CorpusKind, drawCorpus } from './corpus.test.support.js';
import { encodeTriageModel } from './model-file.js';
import { scoreTriage } from './score.js';
import { selectByBh } from './selection.js';
import { trainTriage } from './train.js';
import type { TriageModel } from './triage-model.js';

const texts = (kind: CorpusKind, machine: boolean, count: number, seed: number) =>
  drawCorpus(kind, machine, count, seed).map((text) => ({ text }));
const kindOf = (kind: CorpusKind) => (kind === 'code' ? 'code' : 'text');
const train = (kind: CorpusKind) =>
  trainTriage(texts(kind, false, 240, 1), texts(kind, true, 120, 2), { kind: kindOf(kind), minWords: 50 });

/** Each of the eight bounds below fails by chance with probability 1e-6 at most. */
const LOG_FLAKE = Math.log(1e-6);

describe.each<CorpusKind>(['templates', 'russian', 'han', 'code'])('on %s', (kind) => {
  let model: TriageModel;
  beforeAll(() => {
    model = train(kind);
  });

  it('flags new human texts as often as it says, and machine texts more often', () => {
    const ranked = [3, 4].map((seed) => byCategory(model, drawCorpus(kind, seed === 4, 300, seed)));
    const flagged = (machine: boolean, level: number) => {
      const found = { flagged: 0, scored: 0, bounds: 0 };
      for (const [category, logPs] of ranked[machine ? 1 : 0]!) {
        const of = model.categories.find(({ name }) => name === category)!.scores.length;
        const count = logPs.filter((logP) => logP <= Math.log(level) + 1e-12).length;
        const rank = Math.floor(level * (of + 1) + 1e-9);
        // Given n calibration texts, P(p <= level) is Beta(rank, n + 1 - rank) distributed; ties lower it.
        const bound = logBetaBinomialUpperTail(count, logPs.length, rank, of + 1 - rank);
        found.bounds = Math.min(found.bounds, bound);
        found.flagged += count;
        found.scored += logPs.length;
      }
      return found;
    };
    for (const level of [0.1, 0.05]) {
      const human = flagged(false, level);
      expect(human.scored).toBeGreaterThan(260);
      expect(human.bounds).toBeGreaterThan(LOG_FLAKE);
      const machine = flagged(true, level);
      expect(machine.flagged / machine.scored).toBeGreaterThan(0.7);
      // The bound can fail: machine texts break it.
      expect(machine.bounds).toBeLessThan(LOG_FLAKE);
    }
  });

  it('selects mostly machine texts from a mixture', () => {
    const mixture = [...drawCorpus(kind, false, 60, 5), ...drawCorpus(kind, true, 60, 6)];
    const { selected, tried } = selectByBh(
      mixture.map((text) => scoreTriage(model, text)),
      0.2,
    );
    expect(tried).toBeGreaterThan(100);
    expect(selected.length).toBeGreaterThan(30);
    expect(selected.filter((i) => i < 60).length / selected.length).toBeLessThan(0.35);
  });
});

function byCategory(model: TriageModel, texts: readonly string[]): Map<string, number[]> {
  const found = new Map<string, number[]>();
  for (const text of texts) {
    const result = scoreTriage(model, text);
    const strange = result.outcome === 'abstained' && result.reason === 'unlike-corpus';
    if (result.outcome === 'abstained' && !strange) continue;
    const logP = result.outcome === 'ranked' ? result.logP : 0;
    found.set(result.category!, [...(found.get(result.category!) ?? []), logP]);
  }
  return found;
}

describe('trainTriage', () => {
  const human = texts('templates', false, 60, 7);
  const machine = texts('templates', true, 60, 8);
  const small = { minWords: 30, minCalibration: 19 };

  it('gives equal bytes for equal texts and seed', () => {
    const encode = (seed: number) => encodeTriageModel(trainTriage(human, machine, { ...small, seed }));
    const bytes = encode(1);
    expect(Buffer.compare(encode(1), bytes)).toBe(0);
    expect(Buffer.compare(encode(2), bytes)).not.toBe(0);
  });

  it('keeps a group on one side and calibrates with one text of it', () => {
    const grouped = (side: typeof human) => side.map(({ text }, i) => ({ text, group: `pair ${i >> 1}` }));
    const { corpus } = trainTriage([...grouped(human), ...human.slice(0, 20)], grouped(machine), {
      ...small,
      calibrationShare: 0.5,
    });
    // 30 pairs and 20 single texts are 50 groups, of which 25 calibrate; the other texts of held pairs are left out.
    expect(corpus.calibration).toBe(25);
    expect(corpus.heldBack % 2).toBe(0);
    expect(corpus.heldBack).toBeGreaterThan(0);
    expect(corpus.machine + corpus.heldBack).toBe(60);
    expect(corpus.human).toBeLessThanOrEqual(80 - 25);
  });

  it('abstains as a value', () => {
    const tagged = human.map(({ text }, i) => ({ text, stratum: i % 12 === 0 ? 'rare' : 'usual' }));
    const model = trainTriage(tagged, machine, small);
    const text = human[1]!.text;
    const reason = (given: string, stratum: string) => {
      const result = scoreTriage(model, given, stratum);
      return result.outcome === 'abstained' ? result.reason : result.outcome;
    };
    expect(reason(text, 'usual')).toBe('ranked');
    expect(reason(text, 'rare')).toBe('too-few-calibration-texts');
    expect(reason(text, '')).toBe('category-unknown');
    expect(reason('Мы видели снег и реку. '.repeat(10), 'usual')).toBe('category-unknown');
    expect(reason(text.slice(0, 60), 'usual')).toBe('too-short');
    expect(reason('', 'usual')).toBe('too-short');
    expect(reason(text.repeat(20), 'usual')).toBe('length-not-calibrated');
    expect(reason(`${'qzxj vkw '.repeat(9)}${text.slice(0, 200)}`, 'usual')).toBe('unlike-corpus');
    expect(scoreTriage(model, text, 'usual')).toMatchObject({
      known: true,
      notice: expect.stringContaining('never evidence'),
    });
  });

  it('refuses options and corpora out of range', () => {
    const code = (code: string) => expect.objectContaining({ code });
    for (const options of [{ seed: -1 }, { calibrationShare: 1 }, { minWords: 5 }, { minCalibration: 3 }])
      expect(() => trainTriage(human, machine, options)).toThrow(code('TRIAGE_OPTIONS'));
    expect(() => trainTriage(human, machine.slice(0, 19), small)).toThrow(code('TRIAGE_CORPUS'));
    expect(() => trainTriage(human.slice(0, 20), machine, small)).toThrow(code('TRIAGE_CORPUS'));
    expect(() => trainTriage(human, machine, { minWords: 5000 })).toThrow(code('TRIAGE_CORPUS'));
    const one = (side: typeof human) => side.map(({ text }) => ({ text, group: 'one' }));
    expect(() => trainTriage(human, one(machine), small)).toThrow(code('TRIAGE_CORPUS'));
  });

  it('audits by group, and names a group that it wrongs', () => {
    const model = trainTriage(human, machine, small);
    const audited = [
      ...drawCorpus('templates', false, 80, 9).map((text) => ({ text, group: 'native' })),
      ...drawCorpus('templates', true, 40, 10).map((text) => ({ text, group: 'formal' })),
      ...human.slice(0, 5).map(({ text }) => ({ text, group: 'native' })),
      { text: 'Too short.', group: 'native' },
    ];
    const report = auditTriage(model, audited);
    expect(report.groups.slice(0, 3).map(({ group }) => group)).toEqual([
      'all',
      'group formal',
      'group native',
    ]);
    expect(report.lowestP).toBe(1 / (1 + model.categories[0]!.scores.length));
    const [all, formal, native] = report.groups;
    expect(all!.texts).toBe(126);
    expect(native!.known).toBeGreaterThanOrEqual(5);
    expect(native!.abstained['too-short']).toBe(1);
    expect(native!.scored + native!.known + 1).toBe(native!.texts);
    expect(formal!.rates[0]!.interval.lower).toBeGreaterThan(0.05);
    expect(report.excessive).toContain('group formal');
    expect(report.excessive).not.toContain('group native');
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scanObjects } from './alarms/scan.js';
import { readCorpus } from './corpus.test.support.js';
import { CUSTOMER_ALARM } from './sample-release.test.support.js';
import { listReadings } from './text/text-view.js';

const SEED = 20261123;
const texts = [...readCorpus('forbidden'), ...readCorpus('held-out-forbidden')].filter(
  ({ category }) => category !== 'form',
);

/** What leaves the text in its letters, so that a reader or a program gets it back. */
const WRAPPINGS: Readonly<Record<string, (text: string) => string>> = {
  base64: (text) => Buffer.from(text).toString('base64'),
  base64url: (text) => Buffer.from(text).toString('base64url'),
  hex: (text) => Buffer.from(text).toString('hex'),
  percent: (text) => [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''),
  entities: (text) => [...text].map((one) => `&#x${one.codePointAt(0)!.toString(16)};`).join(''),
  escapes: (text) => [...text].map((one) => `\\u{${one.codePointAt(0)!.toString(16)}}`).join(''),
  zeroWidth: (text) => [...text].join('\u2060'),
  tags: (text) => [...text].join('\u{e0061}'),
  fullWidth: (text) => text.replace(/[!-~]/g, (one) => String.fromCodePoint(one.codePointAt(0)! + 0xfee0)),
  noBreak: (text) => text.replaceAll(' ', '\u00a0'),
  sentence: (text) => `As seen before: ${text} (more to follow)`,
};

const alarmsOf = (objects: Parameters<typeof scanObjects>[0]) =>
  new Set(scanObjects(objects, CUSTOMER_ALARM).map(({ kind }) => kind));
const campaign = (more: object) => ({
  type: 'campaign',
  id: 'campaign--0f6c2a52-3c3f-4b44-9c1c-6f2d3d1f0a01',
  ...more,
});

describe('a forbidden text', () => {
  it('is found in any two wrappings, at any place', () => {
    const wrapping = fc.constantFrom(...Object.keys(WRAPPINGS));
    const place = fc.constantFrom('description', 'x_own', 'labels', 'references');
    fc.assert(
      fc.property(
        fc.constantFrom(...texts),
        fc.array(wrapping, { maxLength: 2 }),
        place,
        ({ category, text }, wrappings, where) => {
          const wrapped = wrappings.reduce((inner, name) => WRAPPINGS[name]!(inner), text);
          const members = {
            description: { description: wrapped },
            x_own: { x_own: { [wrapped]: [wrapped] } },
            labels: { labels: ['rotation', wrapped] },
            references: { external_references: [{ source_name: 'case', external_id: wrapped }] },
          }[where];
          const found = alarmsOf([campaign(members)]);
          expect(
            [...found, wrappings.join(), where].filter((one) => one === 'hidden-text' || one === category),
            `${where}: ${wrappings.join(', ')}: ${text}`,
          ).not.toEqual([]);
        },
      ),
      { seed: SEED, numRuns: 30 },
    );
  });

  it('is found when it is cut at any space over labels, and over objects', () => {
    const words = texts.filter(({ text }) => text.split(' ').length > 2);
    fc.assert(
      fc.property(fc.constantFrom(...words), fc.nat(), ({ category, text }, cut) => {
        const parts = text.split(' ');
        const at = 1 + (cut % (parts.length - 1));
        const halves = [parts.slice(0, at).join(' '), parts.slice(at).join(' ')] as const;
        expect(alarmsOf([campaign({ labels: halves })])).toContain(category);
        expect(
          alarmsOf([campaign({ description: halves[0] }), campaign({ description: halves[1] })]),
        ).toContain(category);
      }),
      { seed: SEED, numRuns: 20 },
    );
  });
});

describe('readings', () => {
  it('are bounded and quick, whatever the text', () => {
    const hostile = [
      'a'.repeat(60_000),
      '%61'.repeat(20_000),
      '&#97;'.repeat(12_000),
      'QUJD'.repeat(15_000),
      '61'.repeat(30_000),
      '1 '.repeat(30_000),
      'a.'.repeat(30_000),
      '@'.repeat(60_000),
      '1'.repeat(60_000),
      '(at)'.repeat(15_000),
      '::'.repeat(30_000),
      'sk-'.repeat(20_000),
      'a b '.repeat(15_000),
      '97,'.repeat(20_000),
      'password '.repeat(6_000),
      'Mr. '.repeat(15_000),
      'ban '.repeat(15_000),
      '停'.repeat(60_000),
      '-----BEGIN '.repeat(5_000),
      'A '.repeat(30_000),
      '12 '.repeat(20_000),
      'https://a:'.repeat(6_000),
      'Bb '.repeat(20_000),
      '\u0301'.repeat(60_000),
    ];
    for (const text of hostile) {
      const before = process.cpuUsage();
      const { written, meant } = listReadings(text);
      expect(written.length + meant.length).toBeLessThanOrEqual(48);
      expect(scanObjects([campaign({ description: text })], CUSTOMER_ALARM).map(({ kind }) => kind)).toEqual([
        'hidden-text',
      ]);
      scanObjects([campaign({ description: text.slice(0, 4096) })], CUSTOMER_ALARM);
      const { user, system } = process.cpuUsage(before);
      expect((user + system) / 1000, text.slice(0, 12)).toBeLessThan(2000);
    }
  });

  it('of random text raise no error', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        scanObjects([campaign({ description: text })], CUSTOMER_ALARM);
      }),
      { seed: SEED, numRuns: 25 },
    );
  });
});

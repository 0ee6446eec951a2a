import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findMasked, MASKED, maskTokens } from './masked-ranges.js';

const found = (text: string) => findMasked(text, MASKED).map(({ start, end }) => text.slice(start, end));

describe('masked parts', () => {
  it('are fenced and inline code', () => {
    expect(found('Use `ls -l` so:\n```sh\nls\n```\nDone.')).toEqual(['`ls -l`', '```sh\nls\n```\n']);
    expect(found('a\n~~~\n```\nb')).toEqual(['~~~\n```\nb']);
    expect(found('a ` b')).toEqual([]);
  });

  it('are objects and lists, not brackets of prose', () => {
    expect(found('It says {"a": [1, {"b": "}"}]} here.')).toEqual(['{"a": [1, {"b": "}"}]}']);
    expect(found('[see note] and [1] but ["x", "y"] (he said "[")')).toEqual(['["x", "y"]']);
    expect(found('an open [ bracket "\nthen {"a": 1}')).toEqual(['{"a": 1}']);
  });

  it('are calls of tools', () => {
    expect(found('Now <tool_call>x</tool_call> and <invoke name="f">')).toEqual([
      '<tool_call>x</tool_call>',
      '<invoke name="f">',
    ]);
  });

  it('are ascending, disjoint and inside, whatever the text', () => {
    const piece = fc.constantFrom(
      '`',
      '```\n',
      '{',
      '}',
      '[',
      ']',
      '"',
      '\\',
      '\n',
      'a',
      '1,',
      '"a":',
      '<tool_call>',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
        const text = pieces.join('');
        let last = 0;
        for (const { start, end } of findMasked(text, MASKED)) {
          expect(start >= last && end > start && end <= text.length).toBe(true);
          last = end;
        }
      }),
    );
  });

  it('take time in proportion to a hostile text', () => {
    for (const unit of ['[', '{"', '`', '<tool_call>', '[1,', '{"a":[', '```\n', '[1,2]', '\\"[']) {
      const time = (times: number) => {
        const text = unit.repeat(times);
        const start = process.cpuUsage();
        findMasked(text, MASKED);
        return process.cpuUsage(start).user / 1000;
      };
      time(20_000);
      expect(time(400_000), unit).toBeLessThan(4000);
    }
  });

  it('cover a token that touches one', () => {
    expect([...maskTokens(Uint32Array.of(0, 3, 5, 5, 9), [{ start: 4, end: 6 }])]).toEqual([1, 0, 0, 0]);
    expect([...maskTokens(Uint32Array.of(0, 3, 5), [{ start: 5, end: 6 }])]).toEqual([1, 1]);
  });
});

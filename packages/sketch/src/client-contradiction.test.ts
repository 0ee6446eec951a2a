import { describe, expect, it } from 'vitest';
import { findContradiction } from './client-contradiction.js';

const honest = {
  userAgent: 'Anthropic/JS 0.55.1',
  headers: {
    'x-stainless-os': 'MacOS',
    'x-stainless-lang': 'js',
    'x-stainless-runtime': 'node',
    'x-stainless-runtime-version': 'v20.19.2',
    'x-stainless-package-version': '0.55.1',
  },
};
const withHeaders = (headers: Record<string, string>, userAgent = honest.userAgent) => ({
  userAgent,
  headers: { ...honest.headers, ...headers },
});

describe('findContradiction', () => {
  it.each([
    ['nothing known', undefined, ['Platform: linux']],
    [
      'an agent on its own machine',
      honest,
      ['<env>\nPlatform: darwin\nWorking directory: /Users/ann/app\n</env>'],
    ],
    ['no operating system in the headers', { userAgent: 'curl/8.0' }, ['C:\\Users\\ann']],
    ['paths of several systems', honest, ['copy /home/ann/x to /Users/ann/x']],
    ['a stated platform with a quoted path', honest, ['Platform: darwin', 'the log says /home/ci/build']],
    [
      'a web address',
      withHeaders({ 'x-stainless-os': 'Windows' }),
      ['see https://example.org/home/ann and a/Users/x'],
    ],
    ['a phone, which has other names', withHeaders({ 'x-stainless-os': 'Android' }), ['Platform: linux']],
    ['a platform beyond the searched start', honest, [`${'x'.repeat(20_000)} Platform: linux`]],
    ['prose about platforms', honest, ['Our platform: windows and doors. This os: macOS']],
  ])('finds none: %s', (_, client, texts) => {
    expect(findContradiction(client, texts)).toBeNull();
  });

  it.each([
    ['header-platform', withHeaders({}, 'Mozilla/5.0 (Windows NT 10.0; Win64; x64)'), []],
    ['header-platform', withHeaders({ 'sec-ch-ua-platform': '"Linux"' }), []],
    ['text-platform', honest, ['Platform: linux\nOS Version: Linux 6.1']],
    ['text-platform', withHeaders({ 'x-stainless-os': 'Windows' }), ['', 'please fix /Users/ann/app.ts']],
    ['text-platform', honest, ['# Environment\n- **Platform:** linux']],
    ['text-platform', honest, ['cwd: `/home/ann/app`']],
    ['text-platform', honest, ['cwd: C:\\work\\app']],
    ['language', withHeaders({ 'x-stainless-lang': 'python' }), []],
    ['language', withHeaders({ 'x-stainless-runtime': 'CPython' }), []],
    ['language', withHeaders({}, 'AsyncOpenAI/Python 1.50.0'), []],
    ['runtime-version', withHeaders({}, 'tool/1 Node.js/22.1.0'), []],
    ['package-version', withHeaders({}, 'Anthropic/JS 0.60.0'), []],
  ])('finds %s', (expected, client, texts) => {
    expect(findContradiction(client, texts)).toBe(expected);
  });
});

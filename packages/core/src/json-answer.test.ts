import { expect, it } from 'vitest';
import { answerJson, answerProblem } from './json-answer.js';

it('answers in canonical JSON that is not cached, whatever headers are added', async () => {
  const answer = answerJson(200, { b: 1, a: 2 }, { headers: { 'cache-control': 'public', 'x-more': 'yes' } });
  expect(await answer.text()).toBe('{"a":2,"b":1}');
  expect(answer.headers.get('content-type')).toBe('application/json');
  expect(answer.headers.get('cache-control')).toBe('no-store');
  expect(answer.headers.get('x-more')).toBe('yes');
});

it('refuses with problem details', async () => {
  const refusal = answerProblem(405, 'ask by POST', { allow: 'POST' });
  expect([refusal.status, refusal.headers.get('allow')]).toEqual([405, 'POST']);
  expect(refusal.headers.get('content-type')).toBe('application/problem+json');
  expect(await refusal.json()).toEqual({ status: 405, title: 'ask by POST' });
});

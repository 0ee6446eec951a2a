import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { nameOperatingUser } from './operating-user.js';

it('is who the operating system says', () => {
  expect(nameOperatingUser()).toBe(execFileSync('id', ['-un'], { encoding: 'utf8' }).trim());
});

it('is unknown to a system that has no name for it', () => {
  const nameless = () => {
    throw Object.assign(new Error('ENOENT: uv_os_get_passwd'), { code: 'ERR_SYSTEM_ERROR' });
  };
  expect(nameOperatingUser(nameless)).toBe('unknown');
  expect(nameOperatingUser(() => ({ username: '' }))).toBe('unknown');
});

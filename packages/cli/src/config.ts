import { readFileSync } from 'node:fs';
import { PhalanxError } from '@phalanx/core';
import { parse } from 'smol-toml';
import { z } from 'zod';
import type { CliErrorCode } from './cli-error.js';
import { type Config, nameVariable, SETTINGS, type SettingKey } from './setting.js';

const KEYS = Object.keys(SETTINGS) as SettingKey[];

/**
 * Settings from the defaults, then `phalanx.toml` (or `file`), then the environment; the last one wins. A missing
 * `phalanx.toml` is no error, a missing `file` is.
 *
 * @throws PhalanxError `CLI_CONFIG` for TOML that does not parse, a key that does not exist, or a value out of range;
 *   `CLI_FILE` when `file` cannot be read.
 */
export function loadConfig(env: Readonly<Record<string, string | undefined>>, file?: string): Config {
  const path = file ?? 'phalanx.toml';
  const given = new Map<SettingKey, { readonly value: unknown; readonly from: string }>();
  const text = readText(path, file !== undefined);
  if (text !== null)
    for (const [key, value] of flatten(parseToml(text, path))) {
      if (!isKey(key)) throw refused(`${path}: no setting is called ${key}`);
      given.set(key, { value, from: `${path}: ${key}` });
    }
  for (const key of KEYS) {
    const variable = nameVariable(key);
    const value = env[variable];
    if (value !== undefined) given.set(key, { value: readVariable(key, value), from: variable });
  }
  const config: Record<string, unknown> = {};
  for (const key of KEYS) {
    const result = SETTINGS[key].schema.safeParse(given.get(key)?.value);
    if (!result.success)
      throw refused(`${given.get(key)?.from}: ${result.error.issues[0]?.message ?? 'not a valid value'}`);
    config[key] = result.data;
  }
  return config as Config;
}

/**
 * All settings as a `phalanx.toml` that could be used as it is: above each its meaning, default and environment
 * variable. Secrets are left out.
 */
export function printConfig(config: Config): string {
  let out =
    '# Every setting, with the value in force. Flags override variables, variables override this file.\n';
  let section = '';
  for (const key of KEYS) {
    const [head = '', name] = key.split('.');
    const table = name === undefined ? '' : head;
    if (table !== section) out += `\n[${table}]\n`;
    section = table;
    const setting = SETTINGS[key];
    const secret = 'secret' in setting;
    out += `\n# ${setting.meaning}\n# Default ${JSON.stringify(defaultOf(key))}; variable ${nameVariable(key)}\n`;
    out += `${secret ? '# ' : ''}${name ?? key} = ${JSON.stringify(secret ? '' : config[key])}\n`;
  }
  return out;
}

/** One row a setting, for machines. The value of a secret is null. */
export function listSettings(config: Config) {
  return KEYS.map((key) => ({
    key,
    value: 'secret' in SETTINGS[key] ? null : config[key],
    default: defaultOf(key),
    variable: nameVariable(key),
    meaning: SETTINGS[key].meaning,
  }));
}

function defaultOf(key: SettingKey): unknown {
  return SETTINGS[key].schema.parse(undefined);
}

function isKey(key: string): key is SettingKey {
  return Object.hasOwn(SETTINGS, key);
}

/** Variables are text: numbers and booleans are read as such where the setting is one, and a list has commas between. */
function readVariable(key: SettingKey, text: string): unknown {
  const sample = defaultOf(key);
  if (typeof sample === 'number') return text.trim() === '' ? Number.NaN : Number(text);
  if (typeof sample === 'boolean') return z.stringbool().safeParse(text).data ?? text;
  if (Array.isArray(sample))
    return text
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '');
  return text;
}

function flatten(table: Record<string, unknown>, prefix = ''): [string, unknown][] {
  return Object.entries(table).flatMap(([key, value]): [string, unknown][] =>
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)
      ? flatten(value as Record<string, unknown>, `${prefix}${key}.`)
      : [[`${prefix}${key}`, value]],
  );
}

function parseToml(text: string, path: string): Record<string, unknown> {
  try {
    return parse(text);
  } catch (cause) {
    throw refused(`${path}: ${(cause as Error).message.split('\n')[0]}`, cause);
  }
}

function readText(path: string, required: boolean): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    if (!required && (cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new PhalanxError<CliErrorCode>('CLI_FILE', `cannot read ${path}: ${(cause as Error).message}`, {
      cause,
    });
  }
}

function refused(message: string, cause?: unknown): PhalanxError<CliErrorCode> {
  return new PhalanxError('CLI_CONFIG', message, {
    advice: '`phalanx config print` lists every setting with its default.',
    ...(cause !== undefined && { cause }),
  });
}

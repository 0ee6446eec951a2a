import { OPERATING_SYSTEMS } from './client-profile.js';
import { OPENERS } from './dress.js';
import type { Persona, Station } from './persona.js';
import type { Random } from './random.js';
import { drawToken } from './sign-up.js';
import type { WorldBuilder } from './world-builder.js';

const STOCK_SYSTEMS = [
  'You are a helpful assistant.',
  'You are a helpful assistant. Answer briefly.',
  'You are an expert programmer.',
  'Answer in the language of the user.',
];
const AGENT_TOOLS = ['read_file', 'edit_file', 'run_command', 'search', 'list_directory', 'web_fetch'];
const PLATFORMS: Readonly<Record<string, string>> = { Linux: 'linux', MacOS: 'darwin', Windows: 'win32' };
const TEMPERATURES = [null, null, null, 0, 0.2, 0.3, 0.5, 0.7, 0.7, 1, 1];
const LIMITS = [null, null, 256, 512, 800, 1000, 1024, 1500, 2000, 2048, 4000, 4096, 8192];

/** The system prompt of a coding agent, which names the operating system it runs on. */
export function writeAgentSystem(os: string): string {
  return `You are a coding agent. Work in small steps and run the tests.\n<env>\nPlatform: ${PLATFORMS[os]}\nShell: ${os === 'Windows' ? 'powershell' : 'zsh'}\n</env>`;
}

export type Habits = Pick<Persona, 'system' | 'parameters' | 'tools' | 'models' | 'switchDay' | 'dresses'>;

/**
 * How a customer calls the model: no system prompt (42 %), a stock one (22 %), an own one (28 %) or a coding agent's
 * (8 %, whose named platform differs from the machine's for one in 40: containers, WSL); stock or odd parameters; the
 * small model for one in five; the rest change to a newly released model within some 20 days, a fifth of them on its
 * first day; an opener that the person always or sometimes uses.
 */
export function drawHabits(builder: WorldBuilder, random: Random, os: string): Habits {
  const sort = random.weighted([0.42, 0.22, 0.28, 0.08]);
  let system = 0;
  let tools = 0;
  if (sort === 1) system = builder.internSystem(STOCK_SYSTEMS[random.weighted([6, 2, 1, 1])]!);
  if (sort === 2)
    system = builder.internSystem(
      `You are the assistant of ${drawToken(random, 'project ').slice(0, 14)}. Stay on topic. Reply in ${random.choice(['plain text', 'markdown', 'JSON', 'one paragraph'])}.`,
    );
  if (sort === 3) {
    const named = random.chance(0.025) ? random.choice(OPERATING_SYSTEMS) : os;
    system = builder.internSystem(writeAgentSystem(named));
    tools = builder.internTools(AGENT_TOOLS);
  }
  const small = random.chance(0.2);
  const lag = random.chance(0.2) ? random.uniform() : random.exponential(20);
  const opener = random.chance(0.25) ? random.choice(OPENERS) : '';
  return {
    system,
    tools,
    parameters: builder.internParameters(drawParameters(random)),
    models: small ? [2, 2] : [0, 1],
    switchDay: builder.releaseDay + lag,
    dresses: opener === '' ? [0] : [0, builder.internDress({ prefix: opener })],
  };
}

/** Sampling parameters as people send them: mostly none or round numbers. */
export function drawParameters(random: Random): Record<string, number> {
  const parameters: Record<string, number> = {};
  const temperature = random.choice(TEMPERATURES);
  const limit = random.choice(LIMITS);
  if (temperature !== null) parameters.temperature = temperature;
  if (limit !== null) parameters.max_tokens = limit;
  if (random.chance(0.12)) parameters.top_p = random.choice([0.9, 0.95, 1]);
  return parameters;
}

/** The operating system of a station's main installation. */
export function readSystemOf(station: Station): string {
  return station.profiles[0]!.os;
}

import type { Exchange } from '@phalanx/domain';
import { isJsonObject, type JsonObject } from './body.js';

type Parameters = NonNullable<Exchange['parameters']>;

/** Longer values are no sampling parameters; they would only let a stranger fill the table. */
const MAX_VALUE_LENGTH = 256;

/** Parameters that describe how the caller samples. Names of users, caches and conversations are left out on purpose. */
const SCALARS = new Set(
  `temperature top_p top_k min_p top_a typical_p max_tokens max_completion_tokens max_output_tokens
  max_tokens_to_sample n best_of echo seed frequency_penalty presence_penalty repetition_penalty logprobs
  top_logprobs suffix stop stop_sequences reasoning_effort verbosity service_tier parallel_tool_calls
  max_tool_calls tool_choice store background truncation encoding_format dimensions
  topP topK candidateCount maxOutputTokens stopSequences presencePenalty frequencyPenalty responseLogprobs
  responseMimeType`.split(/\s+/),
);

/** Objects whose scalar members are kept as `name.member`. */
const NESTED = new Set(
  'response_format reasoning thinking text stream_options output_config thinkingConfig tool_choice'.split(
    ' ',
  ),
);

/**
 * Picks the sampling parameters out of a request body (or Gemini's `generationConfig`) exactly as sent: scalars by
 * name, members of small objects as `reasoning.effort`, lists of strings (`stop`) as JSON text. Values over 256
 * characters are left out.
 */
export function readParameters(source: JsonObject): Parameters {
  const parameters: Parameters = {};
  for (const name in source) {
    const value = source[name];
    if (typeof value === 'object' && value !== null) {
      if (Array.isArray(value)) {
        if (SCALARS.has(name)) keep(parameters, name, JSON.stringify(value));
      } else if (NESTED.has(name) && isJsonObject(value)) {
        for (const member in value) keep(parameters, `${name}.${member}`, value[member]);
      }
    } else if (SCALARS.has(name)) keep(parameters, name, value);
  }
  return parameters;
}

function keep(parameters: Parameters, name: string, value: unknown): void {
  if (name.length > MAX_VALUE_LENGTH || name === '__proto__') return;
  if (typeof value === 'string' ? value.length <= MAX_VALUE_LENGTH : isScalar(value))
    parameters[name] = value as string | number | boolean | null;
}

function isScalar(value: unknown): boolean {
  return value === null || typeof value === 'number' || typeof value === 'boolean';
}

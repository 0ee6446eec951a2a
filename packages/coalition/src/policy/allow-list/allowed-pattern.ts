import { CLIENT_FINGERPRINT } from '../../stix/extensions/client-fingerprint.js';
import { parsePattern } from '../../stix/pattern/parser.js';
import type { Comparison, ObjectPath, ObservationExpression } from '../../stix/pattern/syntax-tree.js';

/** A test in a pattern that may leave: a place, how it is compared, and the form of what it is compared with. */
interface AllowedTest {
  readonly operators: readonly string[];
  readonly literal: RegExp;
}

const HEX_DIGEST: AllowedTest = { operators: ['=', 'IN'], literal: /^(?:[0-9a-f]{2}){8,1024}$/ };
const BLOCK: AllowedTest = { operators: ['ISSUBSET'], literal: /^[0-9a-f.:]{2,45}\/[0-9]{1,3}$/ };

const TESTS: Readonly<Record<string, AllowedTest>> = {
  'x-llm-prompt-fingerprint:params_digest': HEX_DIGEST,
  'x-llm-prompt-fingerprint:digest': HEX_DIGEST,
  'x-llm-prompt-fingerprint:algorithm': {
    operators: ['='],
    literal: /^(?:phalanx-template-1|minhash-128|simhash-64|tlsh)$/,
  },
  'x-oprf-token:token': HEX_DIGEST,
  'x-oprf-token:key_epoch': { operators: ['='], literal: /^[a-z0-9-]{1,64}$/ },
  'x-oprf-token:value_class': { operators: ['='], literal: /^[a-z0-9-]{1,32}$/ },
  "file:hashes.'SHA-256'": HEX_DIGEST,
  'network-traffic:src_ref.value': BLOCK,
  'ipv4-addr:value': BLOCK,
  'ipv6-addr:value': BLOCK,
};
const CLIENT_FIELDS: Readonly<Record<string, AllowedTest>> = {
  ja3_hash: { operators: ['=', 'IN'], literal: /^[0-9a-f]{32}$/ },
  ja4: { operators: ['=', 'IN'], literal: /^[a-z0-9]{10}_[0-9a-f]{12}_[0-9a-f]{12}$/ },
  ja4h: { operators: ['=', 'IN'], literal: /^[a-z0-9]{12}_[0-9a-f]{12}_[0-9a-f]{12}_[0-9a-f]{12}$/ },
  http2_fp: { operators: ['=', 'IN'], literal: /^[0-9a-zA-Z:;|,.]{1,400}$/ },
};

/** What a pattern tests, if all of it may leave. */
export interface ReadPattern {
  readonly texts: readonly string[];
  /** Blocks of addresses among them. */
  readonly blocks: readonly string[];
}

/**
 * Takes a pattern apart; null when it tests anything that is not listed, has a comment or an escape (in which text could stand), asks for
 * counts of somebody's use (REPEATS), or binds times (START ... STOP). LIKE and MATCHES are not listed: their operands are free.
 */
export function readAllowedPattern(pattern: string): ReadPattern | null {
  let tree: ObservationExpression;
  if (/\/\*|\/\/|\\|\bb'|\bh'|\bt'/.test(pattern)) return null;
  try {
    tree = parsePattern(pattern);
  } catch {
    return null;
  }
  const texts: string[] = [];
  const blocks: string[] = [];
  const visit = (node: ObservationExpression): boolean => {
    switch (node.kind) {
      case 'observation':
        return compare(node.comparison);
      case 'within':
        return visit(node.of);
      case 'repeats':
      case 'start-stop':
        return false;
      default:
        return node.operands.every(visit);
    }
  };
  const compare = (node: Comparison): boolean => {
    if (node.kind === 'and' || node.kind === 'or') return node.operands.every((one) => compare(one));
    if (node.kind !== 'test') return false;
    const allowed = findTest(node.path);
    if (allowed === null || node.negated || !allowed.operators.includes(node.operator)) return false;
    return node.operands.every((operand) => {
      if (operand.kind !== 'string' || !allowed.literal.test(operand.value)) return false;
      (allowed === BLOCK ? blocks : texts).push(operand.value);
      return true;
    });
  };
  return visit(tree) ? { texts, blocks } : null;
}

function findTest({ objectType, steps }: ObjectPath): AllowedTest | null {
  if (steps.some(({ kind }) => kind !== 'key')) return null;
  const keys = steps.map((step) => (step.kind === 'key' ? step.key : ''));
  if (
    objectType === 'network-traffic' &&
    keys[0] === 'extensions' &&
    keys.length === 3 &&
    keys[1] === CLIENT_FINGERPRINT.id
  )
    return CLIENT_FIELDS[keys[2]!] ?? null;
  const path = keys.map((key) => (/^[a-z_]+$/.test(key) ? key : `'${key}'`)).join('.');
  return TESTS[`${objectType}:${path}`] ?? null;
}

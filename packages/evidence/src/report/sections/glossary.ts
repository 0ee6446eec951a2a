import type { Section } from '../report-document.js';

const WORDS: readonly { readonly term: string; readonly is: string }[] = [
  { term: 'Account', is: 'whoever is answerable to the service for a request: a key, a user, a project' },
  {
    term: 'Alarm',
    is: 'the end of the stretch of time at which the evidence first sufficed',
  },
  { term: 'Alpha', is: 'the bound on the expected share of false findings among those reported' },
  {
    term: 'Checkpoint',
    is: 'the signed head of a log: its name, how many records it has, and one hash over all of them',
  },
  {
    term: 'Commitment',
    is: 'a number computed from some content and a secret random value; it shows nothing of the content and fits no other',
  },
  { term: 'Cosignature', is: 'the signature of a witness under a checkpoint' },
  {
    term: 'Distillation',
    is: 'training a model on the answers of another model',
  },
  {
    term: 'Effect size',
    is: 'how strong something is, whatever the amount of data; beside it stands the value of a reference population',
  },
  {
    term: 'E-value',
    is: 'the return of a bet against the null hypothesis; its mean is at most 1 when that hypothesis is true',
  },
  { term: 'Exchange', is: 'one request to the model and the response to it' },
  {
    term: 'Hash, SHA-256',
    is: 'a number of 64 hexadecimal digits computed from a file; any change of the file changes it',
  },
  { term: 'Null hypothesis', is: 'the innocent world that a test bets against' },
  { term: 'Pool', is: 'accounts that the detector put together to be tested as one' },
  {
    term: 'Pseudonym',
    is: 'a name in place of an account name, always the same for the same account',
  },
  { term: 'Root hash', is: 'the one hash in a checkpoint that depends on every record and on their order' },
  {
    term: 'Timestamp (RFC 3161)',
    is: 'a signed statement by a third party that a hash existed at a time',
  },
  {
    term: 'Transparency log',
    is: 'a list that can only grow, so that removal or alteration of a record is noticed',
  },
  {
    term: 'Witness',
    is: 'somebody who signs the checkpoints of a log, each only if nothing that was there before has changed',
  },
];

/** The words of the report, explained. */
export function writeGlossary(): Section {
  return {
    id: 'glossary',
    title: 'Words used here',
    blocks: [{ kind: 'terms', items: WORDS }],
  };
}

/** Why something of others is where it is. Closed: a caller may switch on it. */
export const TRUST_REASONS = {
  received: 'it came in, and nothing has been looked at',
  'new-version': 'its maker changed it',
  'over-cap': 'its maker has more in quarantine than is replayed at one time',
  'not-replayable': 'own telemetry cannot be searched for what it names',
  'not-seen': 'nothing here has what it names',
  'warning-list': 'it names what many honest people share',
  'too-common': 'it hits too many accounts to mean anything',
  'hits-good': 'it hits tenants who are known to be good, and not own suspects',
  'over-budget': 'that it spares honest tenants is not shown',
  'no-own-evidence': 'those whom it hits are not under own suspicion',
  'too-few-labs': 'too few labs whose word counts have seen it',
  'over-influence': 'too much would rest on the word of one lab',
  disputed: 'somebody credible disputes it',
  canary: 'its maker has claimed to see what nobody can have seen',
  retracted: 'its maker has taken it back',
  expired: 'its time is over',
  'all-hold': 'every condition holds',
  decided: 'a person has decided',
} as const;
export type TrustReason = keyof typeof TRUST_REASONS;

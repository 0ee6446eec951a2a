/**
 * What stands in every result, whoever prints it. A low p-value says that a text ranks high among human texts in the
 * direction of the machine texts that the model was shown. It says nothing about who wrote it.
 */
export const TRIAGE_NOTICE =
  'Triage, never evidence: this ranks a text against one human corpus. It is not the probability that a machine wrote it.';

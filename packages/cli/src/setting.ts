import { z } from 'zod';

interface Setting {
  readonly schema: z.ZodType;
  readonly meaning: string;
  /** Never printed. */
  readonly secret?: boolean;
}

/** Every key of `phalanx.toml`, dotted, with its default and meaning. A flag of a command overrides its key. */
export const SETTINGS = {
  data: {
    schema: z.string().min(1).default('.phalanx'),
    meaning: 'Data directory: telemetry, sketch key, kept texts. One process owns it at a time.',
  },
  'telemetry.url': {
    schema: z.string().default(''),
    meaning:
      'ClickHouse server by HTTP(S), for more traffic than one machine holds. Several with commas between: the first that answers. Empty: the embedded engine.',
  },
  'telemetry.username': { schema: z.string().default(''), meaning: 'User at telemetry.url.' },
  'telemetry.password': {
    schema: z.string().default(''),
    meaning: 'Password at telemetry.url. Better given by the environment.',
    secret: true,
  },
  'telemetry.database': {
    schema: z.string().default(''),
    meaning: 'Database at telemetry.url. Empty: the default.',
  },
  'telemetry.cluster': {
    schema: z.string().default(''),
    meaning: 'Cluster name in remote_servers at telemetry.url. Empty: one server.',
  },
  'telemetry.replication': {
    schema: z.enum(['keeper', 'store']).default('keeper'),
    meaning:
      'What keeps the copies in telemetry.cluster equal. "store": Phalanx itself, without a Keeper; then one process writes and telemetry.url lists every node.',
  },
  'ingest.keep_text': {
    schema: z.boolean().default(true),
    meaning: 'Keep prompt and response text, encrypted. Sketches are kept in any case.',
  },
  'ingest.text_days': {
    schema: z.int().min(1).default(30),
    meaning:
      'Days after an exchange that its text is kept; then the key is destroyed. Applied after each ingestion.',
  },
  'ingest.workers': {
    schema: z.int().min(0).max(256).default(0),
    meaning: 'Threads that parse and sketch. 0: as many as there are cores.',
  },
  'ingest.rejected_dir': {
    schema: z.string().default(''),
    meaning: 'Where .rejected files go. Empty: beside each log file.',
  },
  'ingest.benchmarks': {
    schema: z.array(z.string().min(1)).default([]),
    meaning:
      'Index files of known benchmark prompts (`phalanx benchmark build`): demand that is mostly such prompts makes no campaign. With commas between in the variable. Counts for what is ingested from then on.',
  },
  'ledger.passphrase_file': {
    schema: z.string().default(''),
    meaning: 'File whose first line opens the keys of the log. PHALANX_PASSPHRASE goes before it.',
  },
  'ledger.tsa': {
    schema: z.string().default(''),
    meaning:
      'Time stamping authority (RFC 3161) by HTTP(S). The log is stamped after each ingestion, and bundles are. Empty: none.',
  },
  'ledger.tsa_certificates': {
    schema: z.string().default(''),
    meaning: 'PEM file with the certificates of ledger.tsa.',
  },
  'ledger.policy': {
    schema: z.string().default(''),
    meaning:
      'tlog-policy file that names the log and its witnesses: those with an address cosign what bundles rest on. Empty: no witness.',
  },
  'detect.alpha': {
    schema: z.number().gt(0).lt(1).default(0.01),
    meaning: 'Expected share of false findings among all findings, at any time of looking.',
  },
  'detect.min_accounts': { schema: z.int().min(5).default(30), meaning: 'Smallest pool worth a finding.' },
  'detect.day_hours': {
    schema: z.number().min(1).default(24),
    meaning: 'Length of a slot of evidence in hours; the first is taken in quarters.',
  },
  'detect.sample_rows': {
    schema: z.int().min(100).default(100_000),
    meaning: 'Exchanges read for each pool and slot at most.',
  },
  'detect.content': {
    schema: z.boolean().default(true),
    meaning: 'Whether what is asked (shapes, templates, mixtures) may propose pools.',
  },
  'detect.metadata': {
    schema: z.boolean().default(true),
    meaning: 'Whether who asks (payment, network, sign-up, client) may propose pools.',
  },
  'coalition.hub': {
    schema: z.string().default(''),
    meaning: 'The hub of the coalition, as https://hub.example. For labs and key servers.',
  },
  'coalition.identity': {
    schema: z.string().default('coalition-identity.key'),
    meaning: 'File with the keys under which this party acts (`phalanx coalition identity new`).',
  },
  'coalition.ca': {
    schema: z.string().default(''),
    meaning:
      'PEM file with the authority of the certificates of hub and key servers. Empty: those of the machine.',
  },
  'coalition.certificate': {
    schema: z.string().default(''),
    meaning:
      'PEM file with the certificate that this party shows. Empty: requests are signed with its key instead.',
  },
  'coalition.certificate_key': {
    schema: z.string().default(''),
    meaning: 'PEM file with the key of coalition.certificate.',
  },
  'coalition.roster': {
    schema: z.string().default(''),
    meaning: 'File that names the key servers, agreed by all parties. Empty: no private matching.',
  },
  'coalition.office': {
    schema: z.string().min(1).default('coalition-office'),
    meaning:
      'Folder with what a release rests on: people.json, legal-basis.json, customers.json, approvals, revocations.',
  },
  'coalition.data': {
    schema: z.string().min(1).default('.phalanx-coalition'),
    meaning: 'Directory of a hub or key server: secrets, and the control store where there is no store_url.',
  },
  'coalition.store_url': {
    schema: z.string().default(''),
    meaning: 'PostgreSQL server of a hub or key server. Empty: an engine in the process, on coalition.data.',
    secret: true,
  },
  'coalition.public_url': {
    schema: z.string().default(''),
    meaning: 'What callers write before the path of this hub or key server.',
  },
  'coalition.title': {
    schema: z.string().min(1).max(200).default('Phalanx hub'),
    meaning: 'Title of the hub in discovery.',
  },
  'coalition.threshold': {
    schema: z.int().min(2).max(50).default(3),
    meaning: 'Labs that must have seen a value before private matching tells it.',
  },
  'coalition.listen': {
    schema: z.string().default('127.0.0.1:8443'),
    meaning: 'Address for TLS: certificates, signed requests, access tokens.',
  },
  'coalition.tls_certificate': {
    schema: z.string().default(''),
    meaning: 'PEM file with the certificate of coalition.listen, intermediate ones after it.',
  },
  'coalition.tls_key': {
    schema: z.string().default(''),
    meaning: 'PEM file with the key of coalition.tls_certificate.',
  },
  'coalition.client_ca': {
    schema: z.string().default(''),
    meaning: 'PEM file with the authority of the certificates of members. Empty: none are asked for.',
  },
  'coalition.basic_listen': {
    schema: z.string().default(''),
    meaning: 'Address for TLS and names with passwords, TAXII alone: for clients that know nothing better.',
  },
  'coalition.loopback_listen': {
    schema: z.string().default(''),
    meaning:
      'Address on loopback without TLS, behind a proxy: signed requests and access tokens. A certificate that a proxy has seen does not count.',
  },
  'coalition.operations_listen': {
    schema: z.string().default(''),
    meaning: 'Address on loopback for /health, /ready and /metrics.',
  },
} as const satisfies Record<string, Setting>;

export type SettingKey = keyof typeof SETTINGS;

/** All settings by their dotted keys. */
export type Config = { readonly [K in SettingKey]: z.infer<(typeof SETTINGS)[K]['schema']> };

/** `detect.alpha` is overridden by `PHALANX_DETECT_ALPHA`. */
export function nameVariable(key: SettingKey): string {
  return `PHALANX_${key.replaceAll('.', '_').toUpperCase()}`;
}

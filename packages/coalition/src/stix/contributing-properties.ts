import { OPRF_TOKEN } from './extensions/oprf-token.js';
import { PROMPT_FINGERPRINT } from './extensions/prompt-fingerprint.js';

/** ID contributing properties of each type of observable: STIX 2.1 section 6, and ours. `process` has none. */
export const CONTRIBUTING_PROPERTIES: Readonly<Record<string, readonly string[]>> = {
  artifact: ['hashes', 'payload_bin'],
  'autonomous-system': ['number'],
  directory: ['path'],
  'domain-name': ['value'],
  'email-addr': ['value'],
  'email-message': ['from_ref', 'subject', 'body'],
  file: ['hashes', 'name', 'extensions', 'parent_directory_ref'],
  'ipv4-addr': ['value'],
  'ipv6-addr': ['value'],
  'mac-addr': ['value'],
  mutex: ['name'],
  'network-traffic': [
    'start',
    'end',
    'src_ref',
    'dst_ref',
    'src_port',
    'dst_port',
    'protocols',
    'extensions',
  ],
  software: ['name', 'cpe', 'swid', 'vendor', 'version'],
  url: ['value'],
  'user-account': ['account_type', 'user_id', 'account_login'],
  'windows-registry-key': ['key', 'values'],
  'x509-certificate': ['hashes', 'serial_number'],
  [OPRF_TOKEN.name]: ['suite', 'key_epoch', 'value_class', 'token'],
  [PROMPT_FINGERPRINT.name]: ['algorithm', 'params_digest', 'digest'],
};

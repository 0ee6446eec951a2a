import { userInfo } from 'node:os';

/**
 * The name under which the operating system runs this process, for the audit record; `unknown` where it has none, as
 * for a numeric user of a container that no password file lists. It says whose account was used, not who sat there.
 */
export function nameOperatingUser(readUser: () => { readonly username: string } = userInfo): string {
  try {
    return readUser().username || 'unknown';
  } catch {
    return 'unknown';
  }
}

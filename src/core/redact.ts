/**
 * Redaction: which names say that their value is a secret.
 *
 * It looks at names, not at values: a password in the middle of a sentence is
 * not found. Only letters and digits of a name count and their case does not, so
 * `x-api-key`, `API_KEY` and `apiKey` are the same name. `token` is a secret at the
 * end of a name and `tokens` is not, because a model's tokens are counted.
 */

/** Says whether a field of this name holds a secret. */
export type IsSecret = (name: string) => boolean;

/** What is shown instead of a secret. */
export const redacted = '[redacted]';

const anywhere = /authorization|password|passwd|passphrase|secret|credential|cookie/;
const keys = /(access|api|encryption|private|signing)key/;
const atTheEnd = /(token|(access|refresh|auth|bearer|session|api)tokens)$/;
const alone: ReadonlySet<string> = new Set(['auth', 'bearer', 'jwt', 'pass', 'pwd']);

/**
 * Says whether a name is one that secrets usually have: the default of every writer.
 *
 * @example
 * isSecretName('X-Api-Key') // => true
 * isSecretName('refresh_token') // => true
 * isSecretName('inputTokens') // => false
 */
export function isSecretName(name: string): boolean {
  const letters = name.toLowerCase().replace(/[^a-z0-9]/g, '');
  return anywhere.test(letters) || keys.test(letters) || atTheEnd.test(letters) || alone.has(letters);
}

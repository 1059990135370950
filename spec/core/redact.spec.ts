import { describe, expect, it } from 'vitest';
import { isSecretName } from '../../src/core/redact.ts';

describe('isSecretName', () => {
  it.each([
    'authorization',
    'Proxy-Authorization',
    'apiKey',
    'x-api-key',
    'OPENAI_API_KEY',
    'password',
    'dbPassword',
    'passphrase',
    'token',
    'access_token',
    'idToken',
    'refreshTokens',
    'clientSecret',
    'secretKey',
    'credentials',
    'Set-Cookie',
    'private_key',
    'accessKeyId',
    'encryptionKey',
    'pwd',
    'jwt',
    'auth',
  ])('%s is the name of a secret', (name) => {
    expect(isSecretName(name)).toBe(true);
  });

  it.each(['tokens', 'inputTokens', 'tokenCount', 'maxTokensPerTurn', 'key', 'author', 'passed', 'id', ''])(
    '%s is not the name of a secret',
    (name) => {
      expect(isSecretName(name)).toBe(false);
    },
  );
});

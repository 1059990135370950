import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openCassette } from '../../src/testing/cassette.ts';
import { CassetteRedaction } from '../../src/testing/cassette-redaction.ts';
import { memoryStorage } from '../../src/testing/cassette-storage.ts';
import { providerError } from '../../src/testing/provider-error.ts';
import { scriptedModel } from '../../src/testing/scripted-model.ts';
import { lawParameters } from '../support/law-runs.ts';
import { asking, generated, read, textIn } from '../support/model-calls.ts';

const secret = 'sk-1234567890';

describe('the redaction of a cassette', () => {
  it.each([
    [
      { apiKey: secret, seed: 1 },
      { apiKey: '[redacted]', seed: 1 },
    ],
    [{ password: { is: secret } }, { password: '[redacted]' }],
    [[{ token: 7 }], [{ token: '[redacted]' }]],
    [
      { token: null, secret: true },
      { token: null, secret: true },
    ],
    [{ type: 'token' }, { type: 'token' }],
    [`{"apiKey":"${secret}"}`, '{"apiKey":"[redacted]"}'],
    [`{"a":{"password":"${secret}"}`, `{"a":{"password":"${secret}"}`],
    ['{ "a": 1 }', '{ "a": 1 }'],
    [`https://a.b/c?api_key=${secret}&q=1`, 'https://a.b/c?api_key=[redacted]&q=1'],
    [`https://me:${secret}@a.b/`, 'https://me:[redacted]@a.b/'],
    [`Authorization: Bearer ${secret}`, 'Authorization: Bearer [redacted]'],
    ['nothing to see', 'nothing to see'],
  ])('makes of %j %j', (value, without) => {
    expect(new CassetteRedaction().value(value)).toEqual(without);
  });

  it('takes out what only you know', () => {
    const redaction = new CassetteRedaction({
      isSecret: (name) => name === 'nickname',
      redact: (text) => text.replaceAll('Ada', '[name]'),
    });

    expect(redaction.value({ nickname: 'Lovelace', apiKey: 'not one here', text: 'Hello, Ada!' })).toEqual({
      nickname: '[redacted]',
      apiKey: 'not one here',
      text: 'Hello, [name]!',
    });
  });

  it('finds a secret that came in two pieces, and leaves other blocks as they came', async () => {
    const storage = memoryStorage();
    const redact = (text: string) => text.replaceAll('Ada', '[name]');
    const turn = {
      reasoning: ['A', 'da?'],
      text: ['Hello, A', 'da', '!'],
      toolCalls: [{ toolName: 'greet', input: { city: 'Oslo', apiKey: secret } }],
    };
    const { parts } = await read((await openCassette(storage, { redact })).record(scriptedModel([turn])));

    const replayed = await read((await openCassette(storage, { redact })).replay());

    expect(storage.text).not.toMatch(/Ada|"da|1234/);
    expect(replayed.parts).toHaveLength(parts.length);
    expect(textIn(replayed.parts)).toBe('Hello, [name]!');
    expect(
      replayed.parts.flatMap((part) => ('delta' in part && part.delta !== '' ? [part.delta] : [])),
    ).toEqual(['[name]?', 'Hello, [name]!', '{"city":"Oslo","apiKey":"[redacted]"}']);
    expect(replayed.parts).toContainEqual(
      expect.objectContaining({ type: 'tool-call', input: '{"city":"Oslo","apiKey":"[redacted]"}' }),
    );
  });

  it('takes secrets out of errors', async () => {
    const storage = memoryStorage();
    const error = providerError(401, {
      message: `Incorrect key: Bearer ${secret}`,
      responseHeaders: { 'set-cookie': secret },
      url: `https://a.b/?key=1&access_token=${secret}`,
      responseBody: `{"api_key":"${secret}"}`,
    });

    await generated((await openCassette(storage)).record(scriptedModel([{ error }])));

    expect(storage.text).not.toContain(secret);
  });

  it('law: a secret under a secret name is nowhere in the file, wherever it stood', async () => {
    const place = fc.constantFrom('headers', 'options', 'message', 'tool', 'input', 'error', 'result');
    await fc.assert(
      fc.asyncProperty(
        place,
        fc.constantFrom('apiKey', 'Authorization', 'client_secret'),
        async (where, name) => {
          const storage = memoryStorage();
          const held = { [name]: secret };
          const call = asking(where === 'message' ? JSON.stringify(held) : 'Hello', {
            ...(where === 'headers' ? { headers: held } : {}),
            ...(where === 'options' ? { providerOptions: { p: held } } : {}),
            ...(where === 'tool'
              ? {
                  tools: [
                    {
                      type: 'function',
                      name: 't',
                      inputSchema: { properties: { [name]: { default: secret } } },
                    },
                  ],
                }
              : {}),
          });
          const turn = {
            toolCalls: where === 'input' ? [{ toolName: 't', input: held }] : [],
            ...(where === 'error' ? { error: providerError(500, { data: held }) } : {}),
            ...(where === 'result'
              ? { content: [{ type: 'tool-result', toolCallId: '1', toolName: 't', result: held } as const] }
              : {}),
          };
          const recorder = (await openCassette(storage)).record(scriptedModel([turn, turn]));

          await generated(recorder, call);
          await read(recorder, call);

          expect(storage.text).not.toContain(secret);
        },
      ),
      { ...lawParameters, numRuns: Math.ceil(lawParameters.numRuns / 10) },
    );
  });
});

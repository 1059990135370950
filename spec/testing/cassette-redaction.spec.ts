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
    // In JSON that is torn, among other words, or inside a text of JSON once more.
    [`{"a":{"password":"${secret}"}`, '{"a":{"password":"[redacted]"}'],
    [`{"password":"${secret.slice(0, 5)}`, '{"password":"[redacted]"'],
    [
      `So: {"a":1,"pin":2,"token" : 7, "b":"${secret}"}`,
      `So: {"a":1,"pin":2,"token" : "[redacted]", "b":"${secret}"}`,
    ],
    [`say: {"password":"a\\"${secret}", "b":1}`, 'say: {"password":"[redacted]", "b":1}'],
    [
      `{"note":"{\\"password\\":\\"${secret}\\",\\"b\\":1}"`,
      '{"note":"{\\"password\\":\\"[redacted]\\",\\"b\\":1}"',
    ],
    [`{"password":"${secret}","password":null}`, '{"password":"[redacted]","password":null}'],
    ['the "password": is asked for', 'the "password": is asked for'],
    // What begins as JSON and is none.
    [`[docs](https://a.b/?api_key=${secret}&x=1)`, '[docs](https://a.b/?api_key=[redacted]&x=1)'],
    [`{see} https://a.b/#access_token=${secret}`, '{see} https://a.b/#access_token=[redacted]'],
    [`client_secret=${secret}&grant=1`, 'client_secret=[redacted]&grant=1'],
    // What kind of thing it is, when that is a word of the interface, and only then.
    [{ type: { password: secret } }, { type: { password: '[redacted]' } }],
    [{ type: `Bearer ${secret}` }, { type: 'Bearer [redacted]' }],
    [{ type: 'tool-call' }, { type: 'tool-call' }],
    // The keys of a Map are names.
    [
      {
        $map: [
          ['apiKey', secret],
          ['seed', 1],
        ],
      },
      {
        $map: [
          ['apiKey', '[redacted]'],
          ['seed', 1],
        ],
      },
    ],
    [
      {
        $map: [
          [{ token: 1 }, secret],
          [1, 2],
        ],
      },
      {
        $map: [
          [{ token: '[redacted]' }, secret],
          [1, 2],
        ],
      },
    ],
    [{ $map: secret }, { $map: secret }],
    [{ $map: ['odd'] }, { $map: ['odd'] }],
    [{ [`Bearer ${secret}`]: 1 }, { 'Bearer [redacted]': 1 }],
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

  it('takes out of the names of fields what only you know, and loses none of them', () => {
    const redaction = new CassetteRedaction({ redact: (text) => text.replaceAll(/Ada|Eva/g, '[name]') });

    expect(redaction.value({ Ada: 1, Eva: 2, seed: { $map: [['Ada', 1]] } })).toEqual({
      '[name]': 1,
      '[name] (2)': 2,
      seed: { $map: [['[name]', 1]] },
    });
  });

  it('leaves the words of the interface, so that an answer stays one', async () => {
    const storage = memoryStorage();
    const redact = () => '[x]';
    const turn = { text: 'Hello', toolCalls: [{ toolName: 'greet', input: {} }] };
    const recorder = (await openCassette(storage, { redact })).record(scriptedModel([turn, turn]));
    const streamed = await read(recorder);
    const whole = await recorder.doGenerate(asking('Hi'));

    const replayed = (await openCassette(storage, { redact })).replay();

    const again = await read(replayed);
    expect(again.parts.map(({ type }) => type)).toEqual(streamed.parts.map(({ type }) => type));
    const { content } = await replayed.doGenerate(asking('Hi'));
    expect(content.map(({ type }) => type)).toEqual(whole.content.map(({ type }) => type));
    expect(storage.text).not.toMatch(/Hello|greet/);
  });

  it('law: looks through a text in time that grows with its length', () => {
    const long = 200_000;
    for (const text of [
      '\\'.repeat(long),
      '"'.repeat(long),
      '"token":'.repeat(long / 8),
      '?token='.repeat(long / 7),
      `"token":"${'\\"'.repeat(long / 2)}`,
      '['.repeat(long),
    ]) {
      expect(new CassetteRedaction().text(text).length).toBeGreaterThan(0);
    }
  });

  it('keeps of the headers of an error those that say when to try again, and neither body nor query', async () => {
    const storage = memoryStorage();
    const error = providerError(429, {
      responseHeaders: { 'Retry-After': '2', 'retry-after-ms': '1500', 'openai-organization': 'acme' },
      responseBody: '{"user":"ada@acme.org"}',
      url: 'https://ada:acme@a.b/v1/chat?key=acme#acme',
      data: { error: { code: 'rate_limit' } },
    });

    await generated((await openCassette(storage)).record(scriptedModel([{ error }])));

    expect(storage.text).not.toContain('acme');
    const { failure } = (await generated((await openCassette(storage)).replay())) as { failure: object };
    expect(failure).toMatchObject({
      statusCode: 429,
      isRetryable: true,
      responseHeaders: { 'Retry-After': '2', 'retry-after-ms': '1500' },
      url: 'https://a.b/v1/chat',
      data: { error: { code: 'rate_limit' } },
    });
  });

  it('finds a secret in the input of a tool that was torn by an abort', async () => {
    const storage = memoryStorage();
    const parts = [
      { type: 'tool-input-start', id: '1', toolName: 'log-in' },
      { type: 'tool-input-delta', id: '1', delta: '{"password":"sk-12' },
    ] as const;
    const error = new TypeError('terminated');

    await read((await openCassette(storage)).record(scriptedModel([{ parts: [...parts], error }])));

    expect(storage.text).not.toContain('sk-12');
    expect(storage.text).toContain('[redacted]');
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
    const place = fc.constantFrom(
      'headers',
      'options',
      'map',
      'message',
      'torn',
      'tool',
      'input',
      'error',
      'result',
    );
    await fc.assert(
      fc.asyncProperty(
        place,
        fc.constantFrom('apiKey', 'Authorization', 'client_secret'),
        async (where, name) => {
          const storage = memoryStorage();
          const held = { [name]: secret };
          const texts = { message: JSON.stringify(held), torn: `{"type":[${JSON.stringify({ type: held })}` };
          const call = asking(texts[where as keyof typeof texts] ?? 'Hello', {
            ...(where === 'map'
              ? { providerOptions: { p: { type: new Map([[name, secret]]) as never } } }
              : {}),
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

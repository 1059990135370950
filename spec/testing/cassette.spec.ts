import fc from 'fast-check';
import { describe, expect, expectTypeOf, it } from 'vitest';
import type {
  LanguageModel,
  LanguageModelV3,
  LanguageModelV4,
  ModelCall,
} from '../../src/models/language-model.ts';
import { openCassette } from '../../src/testing/cassette.ts';
import {
  CorruptCassette,
  parseCassette,
  printCassette,
  UnknownCassetteVersion,
} from '../../src/testing/cassette-format.ts';
import { NotRecordable } from '../../src/testing/cassette-json.ts';
import { CassetteRedaction } from '../../src/testing/cassette-redaction.ts';
import { type CassetteStorage, memoryStorage } from '../../src/testing/cassette-storage.ts';
import { type Faulty, faultyModel } from '../../src/testing/faulty-model.ts';
import { afterMicrotasks } from '../../src/testing/host-loop.ts';
import { modelFaults } from '../../src/testing/model-fault.ts';
import { providerError } from '../../src/testing/provider-error.ts';
import { type RecordedRequest, recordedRequest } from '../../src/testing/recorded-request.ts';
import { NotRecorded, RecordingEnds } from '../../src/testing/replayer.ts';
import { ScriptIncomplete } from '../../src/testing/script.ts';
import { type ScriptedModel, scriptedModel } from '../../src/testing/scripted-model.ts';
import { readTape } from '../../src/testing/tape.ts';
import { aWorld } from '../support/a-world.ts';
import { lawParameters } from '../support/law-runs.ts';
import { asking, generated, read, textIn } from '../support/model-calls.ts';
import { aTurnThatMayFail } from '../support/scripts.ts';

describe('a cassette', () => {
  it('answers again what was recorded, also after it was closed', async () => {
    const storage = memoryStorage();
    const inner = scriptedModel([
      { reasoning: 'Hm.', text: 'Yes.', toolCalls: [{ toolName: 'clock' }] },
      'No.',
    ]);
    const recorder = (await openCassette(storage)).record(inner);
    const streamed = await read(recorder);
    const whole = await recorder.doGenerate(asking('Hello'));

    const replayed = (await openCassette(storage)).replay();

    expect(await read(replayed)).toEqual(streamed);
    expect(await replayed.doGenerate(asking('Hello'))).toEqual(whole);
    expect(replayed).toMatchObject({
      specificationVersion: 'v4',
      provider: 'troupe',
      modelId: 'scripted',
      replayed: 2,
    });
    replayed.assertComplete();
  });

  it('gives recordings of the same request in the order of their calls, not of their ends', async () => {
    const storage = memoryStorage();
    const recorder = (await openCassette(storage)).record(
      scriptedModel([{ text: 'slow', delayMs: 5 }, 'quick']),
    );
    await Promise.all([recorder.doGenerate(asking('Hello')), recorder.doGenerate(asking('Hello'))]);

    const replayed = (await openCassette(storage)).replay();

    expect(textIn((await read(replayed)).parts)).toBe('');
    expect([await textOf(replayed), await textOf(replayed)]).toEqual(['slow', 'quick']);
  });

  it('fails a call that is not recorded, and says in what the nearest recording differs', async () => {
    const storage = memoryStorage();
    const recorder = (await openCassette(storage)).record(scriptedModel(() => 'Yes.'));
    await recorder.doGenerate(asking('Is it cold?', { temperature: 0 }));
    await recorder.doGenerate(asking('Something else', { temperature: 1, seed: 7 }));
    const replayed = (await openCassette(storage)).replay();

    const failure = await failureOf(replayed.doGenerate(asking('Is it warm?', { temperature: 0 })));
    const other = await failureOf(replayed.doStream(asking('Is it cold?', { temperature: 0 })));

    expect(failure).toBeInstanceOf(NotRecorded);
    expect(failure).toMatchObject({
      code: 'NOT_RECORDED',
      used: 0,
      differences: ['prompt.0.content.0.text: recorded "Is it cold?", asked "Is it warm?"'],
    });
    expect(String(failure)).toBe(
      `NotRecorded: 'a cassette in memory' has no recording of this call: user: Is it warm? (message 1). The nearest recording differs in prompt.0.content.0.text: recorded "Is it cold?", asked "Is it warm?". Record it, or replay with 'otherwise'`,
    );
    expect(String(other)).toContain('It has no recording of this model and method.');
  });

  it('says of at most six differences, and of how many more', async () => {
    const storage = memoryStorage();
    const options = Object.fromEntries(Array.from({ length: 9 }, (_, n) => [`o${n}`, n]));
    await (await openCassette(storage))
      .record(scriptedModel(['Yes.']))
      .doGenerate(asking('Hello', { providerOptions: { p: options } }));

    const failure = await failureOf(
      (await openCassette(storage)).replay().doGenerate(asking('Hello', { seed: 1 })),
    );

    expect(failure).toMatchObject({
      differences: [
        ...Array.from({ length: 6 }, (_, n) => `providerOptions.p.o${n}: recorded ${n}, not asked`),
        'and 4 more',
      ],
    });
  });

  it('fails the same call when it is made more often than it was recorded', async () => {
    const storage = memoryStorage();
    await (await openCassette(storage)).record(scriptedModel(['Yes.'])).doGenerate(asking('Hello'));
    const cassette = await openCassette(storage);
    const replayed = cassette.replay();
    await replayed.doGenerate(asking('Hello'));

    const failure = await failureOf(replayed.doGenerate(asking('Hello')));

    expect(String(failure)).toContain('It was recorded once, and asked once more.');
    expect(new NotRecorded({ ...(failure as NotRecorded), used: 2 }).message).toContain('recorded 2 times');
    expect(await textOf(cassette.replay())).toBe('Yes.'); // Another replay begins at the beginning.
  });

  it('asks somebody else what is not recorded, and records it', async () => {
    const storage = memoryStorage();
    const live = scriptedModel((_call, n) => `live ${n}`);
    const first = (await openCassette(storage)).replay({ otherwise: live });

    expect([await textOf(first), await textOf(first), textIn((await read(first)).parts)]).toEqual([
      'live 0',
      'live 1',
      'live 2',
    ]);

    const again = (await openCassette(storage)).replay({ otherwise: live });
    expect([await textOf(again), await textOf(again), await textOf(again)]).toEqual([
      'live 0',
      'live 1',
      'live 3',
    ]);
    expect(again.replayed).toBe(2);
  });

  it('says which recordings nobody has asked for', async () => {
    const storage = memoryStorage();
    const recorder = (await openCassette(storage)).record(scriptedModel(() => 'Yes.'));
    for (const text of ['a', 'a', 'b']) await recorder.doGenerate(asking(text));
    const replayed = (await openCassette(storage)).replay();
    await replayed.doGenerate(asking('a'));

    expect(replayed.left).toEqual(['doGenerate: user: a (message 1)', 'doGenerate: user: b (message 1)']);
    expect(() => replayed.assertComplete()).toThrow(ScriptIncomplete);
  });

  it('has to be told which model to replay, when that is not clear', async () => {
    const storage = memoryStorage();
    const cassette = await openCassette(storage);
    expect(() => cassette.replay()).toThrow(
      new RangeError("'a cassette in memory' has no recordings: say which model to replay, as { model }"),
    );
    for (const modelId of ['m', 'n']) {
      await cassette.record(scriptedModel([modelId], { modelId })).doGenerate(asking('Hello'));
    }

    expect(() => cassette.replay()).toThrow('has recordings of troupe/m, troupe/n: say which');
    const model = { specificationVersion: 'v4', provider: 'troupe', modelId: 'n' } as const;
    expect(await textOf(cassette.replay({ model }))).toBe('n');
  });

  it('says how many recordings it has, and how many calls have not ended', async () => {
    const storage = memoryStorage();
    const cassette = await openCassette(storage);
    const model = cassette.record(scriptedModel(['a', 'b']));
    await model.doGenerate(asking('Hello'));
    const { stream } = await model.doStream(asking('Hello'));

    expect([cassette.size, cassette.open]).toEqual([1, 1]);
    await stream.cancel();
    expect([cassette.size, cassette.open]).toEqual([2, 0]);
  });

  it('passes on which addresses a recorded model fetches itself', async () => {
    const cassette = await openCassette(memoryStorage());
    const supportedUrls = { 'image/*': [/^https/] };

    expect(cassette.record(scriptedModel([], { supportedUrls })).supportedUrls).toBe(supportedUrls);
  });

  it('answers as the recorded model would, which addresses it fetches itself', async () => {
    const storage = memoryStorage();
    const supportedUrls = { 'image/*': [/^https:\/\/pictures/i], 'audio/*': [/a/] };
    const cassette = await openCassette(storage);
    await cassette.record(scriptedModel(['Yes.'], { supportedUrls })).doGenerate(asking('Hello'));
    const later = { 'image/*': [/^https:\/\/pictures/i, /b/] };
    const promising = Object.assign(scriptedModel(['Yes.']), { supportedUrls: Promise.resolve(later) });
    await read(cassette.record(promising));
    await cassette.record(scriptedModel(['No.'])).doGenerate(asking('Bye'));

    const again = await openCassette(storage);
    const otherwise = scriptedModel([], { supportedUrls: { 'text/*': [] } });
    const model = { specificationVersion: 'v4', provider: 'troupe', modelId: 'scripted' } as const;

    const recorded = { 'image/*': [/^https:\/\/pictures/i, /b/], 'audio/*': [/a/] };
    expect(again.replay().supportedUrls).toEqual(recorded);
    expect(again.replay({ model }).supportedUrls).toEqual(recorded);
    expect(again.replay({ otherwise }).supportedUrls).toBe(otherwise.supportedUrls);
    expect(again.replay({ otherwise, model }).supportedUrls).toBe(otherwise.supportedUrls);
    expect(again.replay({ model: { ...model, supportedUrls } }).supportedUrls).toBe(supportedUrls);
    expect(parseCassette(printCassette([...again.all()]), 'again')).toEqual([...again.all()]);
  });

  it('records a model that cannot say which addresses it fetches', async () => {
    const storage = memoryStorage();
    const supportedUrls = Promise.reject(new Error('offline'));
    supportedUrls.catch(() => {});
    const model = Object.assign(scriptedModel(['Yes.']), { supportedUrls });

    await (await openCassette(storage)).record(model).doGenerate(asking('Hello'));

    const replayed = (await openCassette(storage)).replay();
    expect(replayed.supportedUrls).toEqual({});
    expect(await textOf(replayed)).toBe('Yes.');
  });

  it('gives a model of the same version, and nothing that the given one has beside', async () => {
    const cassette = await openCassette(memoryStorage());
    const older = scriptedModel([], { specificationVersion: 'v3' });
    const choose = readTape([]);

    expectTypeOf(cassette.record(scriptedModel([]))).toEqualTypeOf<LanguageModelV4>();
    expectTypeOf(cassette.record(older)).toEqualTypeOf<LanguageModelV3>();
    expectTypeOf(cassette.record(older as LanguageModel)).toEqualTypeOf<LanguageModel>();
    expectTypeOf(faultyModel(older, { choose })).toEqualTypeOf<LanguageModelV3 & Faulty>();
    expectTypeOf(faultyModel(scriptedModel([]), { choose })).not.toHaveProperty('assertComplete');
  });

  it('replays in the time of a world, a step for each chunk', async () => {
    const storage = memoryStorage();
    await read((await openCassette(storage)).record(scriptedModel([{ text: ['a', 'b'] }])));
    const cassette = await openCassette(storage);
    const world = aWorld();

    await world.run(() => read(cassette.replay({ pace: world.environment })));

    expect(world.steps).toBe(4);
  });
});

describe('what is recorded of a call that went wrong', () => {
  it.each([
    [
      'an error of a provider',
      providerError(429, { responseHeaders: { 'retry-after': '2' }, data: { n: 1 } }),
    ],
    ['an error of the language', new TypeError('terminated', { cause: new Error('other side closed') })],
    ['an error with a code', Object.assign(new Error('gone'), { code: 'ECONNRESET' })],
    ['an abort', new DOMException('enough', 'AbortError')],
    ['something else', { status: 'odd' }],
  ])('%s is failed of again', async (_what, error) => {
    const storage = memoryStorage();
    const turns = [{ error }, { error }, { text: 'Hel', error }];
    const recorder = (await openCassette(storage)).record(scriptedModel(turns));
    const first = [await generated(recorder), await read(recorder), await read(recorder)];

    const replayed = (await openCassette(storage)).replay();
    const again = [await generated(replayed), await read(replayed), await read(replayed)];

    expect(again).toEqual(first);
    expect(again[0]).toEqual({ failure: error });
  });

  it('is known by the AI SDK for what it was', async () => {
    const storage = memoryStorage();
    const error = providerError(503);
    await generated((await openCassette(storage)).record(scriptedModel([{ error }])));

    const { failure } = (await generated((await openCassette(storage)).replay())) as { failure: object };

    expect(Reflect.get(failure, Symbol.for('vercel.ai.error.AI_APICallError'))).toBe(true);
    expect(failure).toMatchObject({ statusCode: 503, isRetryable: true, name: 'AI_APICallError' });
  });

  it('is an abort, after the parts that had come', async () => {
    const storage = memoryStorage();
    const aborting = new AbortController();
    const cassette = await openCassette(storage);
    const model = cassette.record(scriptedModel(['one two three']));
    const { stream } = await model.doStream(asking('Hello', { abortSignal: aborting.signal }));
    const reader = stream.getReader();
    for (let n = 0; n < 4; n += 1) await reader.read();

    aborting.abort();

    await expect(reader.read()).rejects.toMatchObject({ name: 'AbortError' });
    await cassette.saved();
    const { parts, failure } = await read((await openCassette(storage)).replay());
    expect(textIn(parts)).toBe('one ');
    expect(failure).toMatchObject({ name: 'AbortError' });
  });

  it('is an abort that the model itself is told of', async () => {
    const storage = memoryStorage();
    const aborting = new AbortController();
    const model = (await openCassette(storage)).record(
      scriptedModel([{ text: 'never', delayMs: 3_600_000 }]),
    );
    const { stream } = await model.doStream(asking('Hello', { abortSignal: aborting.signal }));
    const reader = stream.getReader();
    for (let n = 0; n < 2; n += 1) await reader.read();
    const waiting = reader.read();

    aborting.abort('enough');

    await expect(waiting).rejects.toBe('enough');
    expect((await read((await openCassette(storage)).replay())).failure).toBe('enough');
  });

  it('is a reader who left: whoever goes on hears that there is no more', async () => {
    const storage = memoryStorage();
    const { stream } = await (await openCassette(storage))
      .record(scriptedModel(['one']))
      .doStream(asking('Hello'));
    const reader = stream.getReader();
    await reader.read();
    await reader.cancel();

    const { parts, failure } = await read((await openCassette(storage)).replay());

    expect(parts).toEqual([{ type: 'stream-start', warnings: [] }]);
    expect(failure).toBeInstanceOf(RecordingEnds);
    expect(String(failure)).toContain('ends after 1 parts, where its reader left');
  });
});

describe('a recorder', () => {
  it('hears of an abort although the model does not', async () => {
    const storage = memoryStorage();
    const aborting = new AbortController();
    const inner = scriptedModel([{ text: 'one', delayMs: 3_600_000 }]);
    const deaf = { ...inner, doStream: ({ prompt }: ModelCall) => inner.doStream({ prompt }) };
    const cassette = await openCassette(storage);
    const { stream } = await cassette
      .record(deaf as unknown as ScriptedModel)
      .doStream(asking('Hello', { abortSignal: aborting.signal }));
    const reader = stream.getReader();
    for (let n = 0; n < 2; n += 1) await reader.read();
    const waiting = reader.read();
    await afterMicrotasks(); // Now the model is asked for a part, and has none.

    aborting.abort('enough');

    await expect(waiting).rejects.toBe('enough');
    await cassette.saved();
    expect(inner.calls[0]?.end).toBe('cancelled');
    expect(storage.text).toContain('"end": "aborted"');
  });

  it('hears of an abort although neither the model nor the storage can bear it', async () => {
    const storage: CassetteStorage = {
      ...memoryStorage(),
      update: () => Promise.reject(new Error('ENOSPC')),
    };
    const aborting = new AbortController();
    const stubborn = {
      ...scriptedModel([]),
      doStream: async () => ({
        stream: new ReadableStream({ cancel: () => Promise.reject(new Error('no')) }),
      }),
    };
    const cassette = await openCassette(storage);
    const { stream } = await cassette
      .record(stubborn as unknown as ScriptedModel)
      .doStream(asking('Hello', { abortSignal: aborting.signal }));

    aborting.abort('enough');

    // What could not be kept fails the call, as everywhere.
    await expect(stream.getReader().read()).rejects.toThrow('ENOSPC');
    await expect(cassette.saved()).rejects.toThrow('ENOSPC');
  });

  it('errors an aborted stream when what came is in the storage, and not before', async () => {
    const inner = memoryStorage();
    const gate = Promise.withResolvers<void>();
    const storage: CassetteStorage = {
      name: 'slow',
      read: () => inner.read(),
      update: async (change) => {
        await gate.promise;
        await inner.update(change);
      },
    };
    const aborting = new AbortController();
    const { stream } = await (await openCassette(storage))
      .record(scriptedModel(['one two']))
      .doStream(asking('Hello', { abortSignal: aborting.signal }));
    const reader = stream.getReader();
    await reader.read();
    let ended = false;
    const end = reader.read().catch((error: unknown) => {
      ended = true;
      return error;
    });

    aborting.abort('enough');
    await afterMicrotasks();

    expect(ended).toBe(false);
    gate.resolve();
    expect(await end).toBe('enough');
    expect(inner.text).toContain('"end": "aborted"');
  });

  it('hears of an abort that came before the stream did', async () => {
    const storage = memoryStorage();
    const aborting = new AbortController();
    const inner = scriptedModel(['one']);
    const deaf = {
      ...inner,
      doStream: async ({ prompt }: ModelCall) => {
        const answer = await inner.doStream({ prompt });
        aborting.abort('enough');
        return answer;
      },
    };
    const cassette = await openCassette(storage);
    const { stream } = await cassette
      .record(deaf as unknown as ScriptedModel)
      .doStream(asking('Hello', { abortSignal: aborting.signal }));

    await expect(stream.getReader().read()).rejects.toBe('enough');
    expect(cassette.open).toBe(0);
    expect(storage.text).toContain('"end": "aborted"');
  });

  it('records that its reader left also when the model does not let it go', async () => {
    const storage = memoryStorage();
    const stubborn = {
      ...scriptedModel([]),
      doStream: async () => ({
        stream: new ReadableStream({ cancel: () => Promise.reject(new Error('no')) }),
      }),
    };
    const cassette = await openCassette(storage);
    const { stream } = await cassette.record(stubborn as unknown as ScriptedModel).doStream(asking('Hello'));

    await expect(stream.cancel()).rejects.toThrow('no');

    expect(cassette.open).toBe(0);
    expect(storage.text).toContain('"end": "cancelled"');
  });

  it('fails a call when what only you know cannot be taken out, and has not begun it', async () => {
    const storage = memoryStorage();
    const redact = (text: string): string => {
      if (text.includes('secret')) throw new Error('no idea');
      return text;
    };
    const cassette = await openCassette(storage, { redact });
    const recorder = cassette.record(scriptedModel(() => 'secret'));

    expect(await failureOf(recorder.doGenerate(asking('Hello')))).toMatchObject({ message: 'no idea' });
    expect((await read(recorder)).failure).toMatchObject({ message: 'no idea' });

    expect([cassette.open, cassette.size, storage.text]).toEqual([0, 0, undefined]);
  });

  it('fails a stream of what cannot be recorded, and leaves its model', async () => {
    const error: Record<string, unknown> = {};
    error['again'] = error;
    const inner = scriptedModel([{ parts: [{ type: 'error', error }, { type: 'ping' }] }]);

    const cassette = await openCassette(memoryStorage());
    const { failure } = await read(cassette.record(inner));

    expect(failure).toBeInstanceOf(NotRecordable);
    expect(cassette.open).toBe(0);
    expect(inner.calls[0]?.end).toBe('cancelled');
  });

  it('keeps no raw words of the provider', async () => {
    const storage = memoryStorage();
    const inner = scriptedModel([{ parts: [{ type: 'raw', rawValue: { text: 'raw words' } }] }]);

    await read((await openCassette(storage)).record(inner));

    expect(storage.text).toContain('{"type":"raw","rawValue":"[redacted]"}');
  });

  it('keeps the end of a call once', async () => {
    const cassette = await openCassette(memoryStorage());
    const place = cassette.begin(requestOf('a'));

    await place.end({ end: 'answered', answer: 1 });
    await place.end({ end: 'answered', answer: 2 });

    expect([...cassette.all()].map(({ response }) => response)).toEqual([{ end: 'answered', answer: 1 }]);
  });

  it('leaves out what is only of this one answer', async () => {
    const storage = memoryStorage();
    const inner = scriptedModel(['a']);
    const model = {
      ...inner,
      specificationVersion: 'v4' as const,
      doGenerate: async (call: ModelCall) => ({
        ...(await inner.doGenerate(call)),
        request: { body: 'sent' },
        response: { id: 'r1', headers: { 'set-cookie': 'c' }, body: 'got' },
      }),
    } as ScriptedModel;

    await (await openCassette(storage)).record(model).doGenerate(asking('Hello'));

    const [{ response }] = JSON.parse(storage.text!).recordings;
    expect(response.answer.response).toEqual({ id: 'r1' });
    expect(response.answer.request).toBeUndefined();
  });

  it('keeps an answer that says nothing of itself', async () => {
    const storage = memoryStorage();
    const inner = scriptedModel([{ parts: [] }]);

    const answer = await (await openCassette(storage)).record(inner).doGenerate(asking('Hello'));

    expect(await (await openCassette(storage)).replay().doGenerate(asking('Hello'))).toEqual(answer);
  });
});

describe('a call that is replayed', () => {
  it('can be aborted before it is answered and in mid-stream', async () => {
    const storage = memoryStorage();
    const recorder = (await openCassette(storage)).record(scriptedModel(() => 'one'));
    await read(recorder);
    await read(recorder);
    const replayed = (await openCassette(storage)).replay();
    const aborting = new AbortController();

    const early = await failureOf(
      replayed.doStream(asking('Hello', { abortSignal: AbortSignal.abort('before') })),
    );
    const { stream } = await replayed.doStream(asking('Hello', { abortSignal: aborting.signal }));
    aborting.abort('enough');

    expect(early).toBe('before');
    await expect(stream.getReader().read()).rejects.toBe('enough');
  });
});

describe('the key of a request', () => {
  it.each<[string, Partial<ModelCall>, Partial<ModelCall>]>([
    ['the order of fields', { seed: 1, topK: 2 }, { topK: 2, seed: 1 }],
    ['fields that are undefined', { seed: 1, topK: undefined }, { seed: 1 }],
    [
      'the order of a Map',
      inside(
        new Map([
          ['a', 1],
          ['b', 2],
        ]),
      ),
      inside(
        new Map([
          ['b', 2],
          ['a', 1],
        ]),
      ),
    ],
    ['the order of a Set', inside(new Set(['a', 'b'])), inside(new Set(['b', 'a']))],
    ['the kind of a byte array', inside(new Uint8Array([1, 2])), inside(Buffer.from([1, 2]))],
    [
      'what stands beside the bytes',
      inside(new Uint8Array([1, 2])),
      inside(new Uint8Array([0, 1, 2]).subarray(1)),
    ],
    ['the sign of zero', { temperature: 0 }, { temperature: -0 }],
    ['headers', { headers: { authorization: 'Bearer a' } }, { headers: { 'user-agent': 'b' } }],
    ['the signal', { abortSignal: new AbortController().signal }, {}],
    ['a secret', inside({ apiKey: 'sk-1' }), inside({ apiKey: 'sk-2' })],
    ['a secret in the input of a tool', inside('{"password":"a"}'), inside('{"password":"b"}')],
    ['functions', inside(() => 1), inside(undefined)],
  ])('does not depend on %s', async (_what, recorded, asked) => {
    expect(await isFound(recorded, asked)).toBe(true);
  });

  it.each<[string, Partial<ModelCall>, Partial<ModelCall>]>([
    ['a number', { seed: 1 }, { seed: 2 }],
    ['a byte', inside(new Uint8Array([1])), inside(new Uint8Array([2]))],
    ['a date', inside(new Date(0)), inside(new Date(1))],
    ['a URL', inside(new URL('https://a.b')), inside(new URL('https://a.c'))],
    ['a date and its text', inside(new Date(0)), inside('1970-01-01T00:00:00.000Z')],
    ['a tag and what looks like it', inside(new Date(0)), inside({ $date: '1970-01-01T00:00:00.000Z' })],
    ['null and undefined', inside(null), inside(undefined)],
    ['the order of a list', inside([1, 2]), inside([2, 1])],
    ['something undefined in a list', inside([undefined]), inside([null])],
    ['an entry of a Map', inside(new Map([['a', 1]])), inside(new Map([['a', 2]]))],
    ['big integers', inside(1n), inside(2n)],
    ['numbers that are none', inside(Number.NaN), inside(Number.POSITIVE_INFINITY)],
    ['an expression', inside(/a/), inside(/a/g)],
    ['an ArrayBuffer', inside(new ArrayBuffer(1)), inside(new ArrayBuffer(2))],
    ['dates that are none', inside(new Date(Number.NaN)), inside(new Date(0))],
    ['what says how it is written', inside({ toJSON: () => 1 }), inside({ toJSON: () => 2 })],
  ])('tells %s apart', async (_what, recorded, asked) => {
    expect(await isFound(recorded, asked)).toBe(false);
  });

  it.each(['doGenerate', 'doStream'] as const)(
    'of %s is not that of the other method, or another model',
    async (method) => {
      const storage = memoryStorage();
      const cassette = await openCassette(storage);
      await read(cassette.record(scriptedModel(['a'], { modelId: 'a' })));
      await cassette.record(scriptedModel(['b'], { modelId: 'b' })).doGenerate(asking('Hello'));
      const model = {
        specificationVersion: 'v4',
        provider: 'troupe',
        modelId: method === 'doStream' ? 'b' : 'a',
      } as const;

      expect(await failureOf(cassette.replay({ model })[method](asking('Hello')))).toBeInstanceOf(
        NotRecorded,
      );
    },
  );

  it('cannot be made of what contains itself', async () => {
    const endless: Record<string, unknown> = {};
    endless['again'] = endless;
    const model = (await openCassette(memoryStorage())).record(scriptedModel(['a']));

    const failure = await failureOf(model.doGenerate(asking('Hello', inside(endless))));

    expect(failure).toBeInstanceOf(NotRecordable);
    expect(String(failure)).toMatch(/^NotRecordable: what is at 'providerOptions\.p\.value\.again/);
  });
});

describe('the file of a cassette', () => {
  it('may have no recordings', () => {
    expect(parseCassette(printCassette([]), 'empty')).toEqual([]);
  });

  it('is read in a diff', async () => {
    const storage = memoryStorage();
    await read((await openCassette(storage)).record(scriptedModel([{ text: ['a'], usage: 'unknown' }])));

    expect(storage.text).toBe(`{
  "troupe": "cassette",
  "version": 1,
  "recordings": [
    {
      "key": "${JSON.parse(storage.text!).recordings[0].key}",
      "request": {
        "method": "doStream",
        "specificationVersion": "v4",
        "provider": "troupe",
        "modelId": "scripted",
        "call": {
          "prompt": [
            {
              "content": [
                {
                  "text": "Hello",
                  "type": "text"
                }
              ],
              "role": "user"
            }
          ]
        }
      },
      "response": {
        "end": "finished",
        "parts": [
          {"type":"stream-start","warnings":[]},
          {"type":"response-metadata","id":"scripted-1","modelId":"scripted"},
          {"type":"text-start","id":"text-1"},
          {"type":"text-delta","id":"text-1","delta":"a"},
          {"type":"text-end","id":"text-1"},
          {"type":"finish","finishReason":{"unified":"stop","raw":"stop"},"usage":{"inputTokens":{},"outputTokens":{}}}
        ]
      }
    }
  ]
}
`);
  });

  it.each([
    ['', 'it is no JSON'],
    ['{"troupe": "cassette", "vers', 'it is no JSON'],
    ['[]', 'it does not say "troupe": "cassette"'],
    ['7', 'it does not say "troupe": "cassette"'],
    ['{"troupe":"cassette","version":1}', 'it has no list of recordings'],
    ['{"troupe":"cassette","version":1,"recordings":[7]}', 'recording 1 has no request or no response'],
  ])('%s is corrupt', async (text, reason) => {
    const failure = await failureOf(openCassette(memoryStorage(text)));

    expect(failure).toBeInstanceOf(CorruptCassette);
    expect(String(failure)).toContain(`'a cassette in memory' is not a cassette that can be read: ${reason}`);
    expect(String(failure)).toContain('Restore it, or delete it and record anew');
  });

  it.each([
    ['"text": "Hello"', '"text": "Hallo"', 'has a key that is not that of its request'],
    ['"end": "finished"', '"end": "well"', 'ends in a way that does not exist: "well"'],
    ['"end": "finished"', '"end": "toString"', 'ends in a way that does not exist: "toString"'],
    ['"end": "finished"', '"end": {"toString":1}', 'ends in a way that does not exist: {"toString":1}'],
    ['"response": {', '"supportedUrls": 1, "response": {', 'has supportedUrls that are none'],
    ['"response": {', '"supportedUrls": {"a":1}, "response": {', 'has supportedUrls that are none'],
    ['"end": "finished"', '"end": "failed"', 'has no error'],
    ['"end": "finished"', '"end": "answered"', 'has no answer'],
    ['{"type":"stream-start","warnings":[]}', '{"warnings":[]}', 'has parts that are none'],
  ])('with %s changed to %s is corrupt', async (was, is, reason) => {
    const storage = memoryStorage();
    await read((await openCassette(storage)).record(scriptedModel(['a'])));

    const failure = await failureOf(openCassette(memoryStorage(storage.text!.replace(was, is))));

    expect(failure).toMatchObject({ reason: expect.stringContaining(`recording 1 ${reason}`) as string });
  });

  it('with a value that cannot be read back fails the call that would get it', async () => {
    const storage = memoryStorage();
    await read((await openCassette(storage)).record(scriptedModel(['a'])));
    const changed = storage.text!.replace('"a"', '{"$bigint":"a"}');

    const failure = await failureOf(
      (await openCassette(memoryStorage(changed))).replay().doStream(asking('Hello')),
    );

    expect(failure).toBeInstanceOf(CorruptCassette);
    expect(String(failure)).toContain('an answer has a value that cannot be read back');
  });

  it('of another version is refused, with what to do', async () => {
    const failure = await failureOf(openCassette(memoryStorage('{"troupe":"cassette","version":2}')));

    expect(failure).toBeInstanceOf(UnknownCassetteVersion);
    expect(String(failure)).toBe(
      "UnknownCassetteVersion: 'a cassette in memory' is of version 2, and this release reads version 1: use the release it was recorded with, or delete it and record anew",
    );
  });

  it('is not written over when it has become corrupt meanwhile', async () => {
    let text: string | undefined;
    const storage: CassetteStorage = {
      name: 'shared',
      read: async () => undefined,
      update: async (change) => {
        text = change(text ?? 'garbage');
      },
    };

    const model = (await openCassette(storage)).record(scriptedModel(['a']));

    expect(await generated(model)).toMatchObject({ failure: { code: 'CORRUPT_CASSETTE' } });
    expect(text).toBeUndefined();
  });
});

describe('a storage that fails', () => {
  it('fails the call, and keeps the recording for the next time', async () => {
    const inner = memoryStorage();
    let isFull = true;
    const storage: CassetteStorage = {
      ...inner,
      update: (change) => (isFull ? Promise.reject(new Error('ENOSPC')) : inner.update(change)),
    };
    const cassette = await openCassette(storage);
    const model = cassette.record(scriptedModel(['a', 'b', 'c']));

    const whole = await generated(model);
    const { parts, failure } = await read(model);
    await expect(cassette.saved()).rejects.toThrow('ENOSPC');
    isFull = false;
    await model.doGenerate(asking('Hello'));

    expect(whole).toEqual({ failure: new Error('ENOSPC') });
    expect([textIn(parts), failure]).toEqual(['b', new Error('ENOSPC')]);
    expect((await openCassette(inner)).size).toBe(3);
  });
});

describe('several who record on one cassette', () => {
  it('lose nothing, and each keeps the order of its calls', async () => {
    const storage = memoryStorage();
    const cassettes = [await openCassette(storage), await openCassette(storage)];

    await Promise.all(
      [0, 1, 2, 3].map(async (n) => {
        const model = cassettes[n % 2]!.record(scriptedModel([{ text: `${n}`, delayMs: 4 - n }]));
        await model.doGenerate(asking('Hello'));
      }),
    );

    const replayed = (await openCassette(storage)).replay();
    const texts = [
      await textOf(replayed),
      await textOf(replayed),
      await textOf(replayed),
      await textOf(replayed),
    ];
    expect(texts.toSorted()).toEqual(['0', '1', '2', '3']);
    expect(texts.indexOf('0')).toBeLessThan(texts.indexOf('2'));
    expect(texts.indexOf('1')).toBeLessThan(texts.indexOf('3'));
  });
});

describe('recorded and replayed', () => {
  it('law: is what the model answered, whatever it answered and whatever went wrong', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(aTurnThatMayFail, { minLength: 1, maxLength: 3 }),
        fc.array(fc.nat({ max: 20 })),
        async (turns, tape) => {
          const storage = memoryStorage();
          const live = () =>
            faultyModel(scriptedModel(turns), { choose: readTape(tape), faults: modelFaults, slowMs: 0 });
          const recorder = (await openCassette(storage)).record(live());
          const bare = live();

          for (const _turn of turns) {
            expect(await read(recorder)).toEqual(await read(bare));
          }
          const replayed = (await openCassette(storage)).replay();
          const again = live();
          for (const _turn of turns) {
            expect(await read(replayed)).toEqual(await read(again));
          }
          replayed.assertComplete();
        },
      ),
      { ...lawParameters, numRuns: Math.ceil(lawParameters.numRuns / 4) },
    );
  });
});

async function textOf(model: LanguageModel): Promise<string> {
  const { content } = await model.doGenerate(asking('Hello'));
  return (content as readonly { text?: string }[]).map(({ text }) => text ?? '').join('');
}

const failureOf = (work: PromiseLike<unknown>): Promise<unknown> =>
  Promise.resolve(work).then(
    () => 'no failure',
    (failure: unknown) => failure,
  );

const requestOf = (text: string): RecordedRequest =>
  recordedRequest('doGenerate', scriptedModel([]), asking(text), new CassetteRedaction());

/** A call with something in a place where anything may be. */
function inside(value: unknown): Partial<ModelCall> {
  return { providerOptions: { p: { value } } } as unknown as Partial<ModelCall>;
}

/** Whether a call is found on a cassette that another one was recorded on. */
async function isFound(recorded: Partial<ModelCall>, asked: Partial<ModelCall>): Promise<boolean> {
  const storage = memoryStorage();
  await (await openCassette(storage)).record(scriptedModel(['a'])).doGenerate(asking('Hello', recorded));
  const answer = await failureOf((await openCassette(storage)).replay().doGenerate(asking('Hello', asked)));
  return answer === 'no failure';
}

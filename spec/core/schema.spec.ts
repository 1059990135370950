import { Effect, Schema, SchemaGetter } from 'effect';
import fc from 'fast-check';
import * as v from 'valibot';
import { describe, expect, it, onTestFinished } from 'vitest';
import * as z from 'zod';
import { check, InvalidParams, type StandardSchema, type } from '../../src/core/schema.ts';
import { hostileValues } from '../support/hostile-values.ts';

interface Order {
  readonly id: string;
  readonly lines: readonly { readonly amount: number }[];
}

const orderSchemas: Readonly<Record<string, StandardSchema<Order>>> = {
  Zod: z.object({ id: z.string(), lines: z.array(z.object({ amount: z.number() })) }),
  Valibot: v.object({ id: v.string(), lines: v.array(v.object({ amount: v.number() })) }),
  'Effect Schema': Schema.toStandardSchemaV1(
    Schema.Struct({ id: Schema.String, lines: Schema.Array(Schema.Struct({ amount: Schema.Finite })) }),
  ),
};

const lengthSchemas: Readonly<Record<string, StandardSchema<{ readonly length: number }>>> = {
  Zod: z.object({ length: z.string().transform((text) => text.length) }),
  Valibot: v.object({
    length: v.pipe(
      v.string(),
      v.transform((text) => text.length),
    ),
  }),
  'Effect Schema': Schema.toStandardSchemaV1(
    Schema.Struct({
      length: Schema.String.pipe(
        Schema.decodeTo(Schema.Finite, {
          decode: SchemaGetter.transform((text: string) => text.length),
          encode: SchemaGetter.transform((length: number) => 'x'.repeat(length)),
        }),
      ),
    }),
  ),
};

const asynchronousSchemas: Readonly<Record<string, StandardSchema<string>>> = {
  Zod: z.string().refine(async () => true),
  Valibot: v.pipeAsync(
    v.string(),
    v.checkAsync(async () => true),
  ),
  'Effect Schema': Schema.toStandardSchemaV1(
    Schema.String.pipe(
      Schema.decode({
        decode: SchemaGetter.transformEffect((text: string) => Effect.delay(Effect.succeed(text), 1)),
        encode: SchemaGetter.passthrough(),
      }),
    ),
  ),
};

describe('check', () => {
  it.each(Object.entries(orderSchemas))('returns what %s finds valid', (_, schema) => {
    const order = { id: 'a', lines: [{ amount: 1 }] };

    expect(check(schema, order, 'an order')).toEqual(order);
  });

  it.each(Object.entries(lengthSchemas))('returns what %s made of the value', (_, schema) => {
    expect(check(schema, { length: 'four' }, 'a length')).toEqual({ length: 4 });
  });

  it.each(Object.entries(orderSchemas))('names what %s finds invalid, with its path', (_, schema) => {
    const order = { id: 'a', lines: [{ amount: 1 }, { amount: 'two' }] };

    const failure = invalid(() => check(schema, order, "payload of 'orders.placed'"));

    expect(failure.issues).toEqual([{ path: 'lines[1].amount', message: expect.stringMatching(/number/i) }]);
    expect(failure.value).toBe(order);
    expect(failure.what).toBe("payload of 'orders.placed'");
  });

  it.each(Object.entries(orderSchemas))('refuses a value of another kind altogether with %s', (_, schema) => {
    const failure = invalid(() => check(schema, 'no order', 'an order'));

    expect(failure.issues).toEqual([{ path: '', message: expect.stringMatching(/object|lines/i) }]);
  });

  it.each(Object.entries(asynchronousSchemas))('refuses %s when it validates asynchronously', (_, schema) => {
    const failure = invalid(() => check(schema, 'text', 'a text'));

    expect(failure.message).toMatch(
      /^invalid a text: its schema \(.+\) answered with a promise, but a topic's schema must be synchronous: look for/,
    );
  });

  it.each(['Zod', 'hand-made'])('leaves no rejection unhandled when %s rejects later', async (name) => {
    const unhandled: unknown[] = [];
    const listen = (reason: unknown) => unhandled.push(reason);
    process.on('unhandledRejection', listen);
    onTestFinished(() => void process.off('unhandledRejection', listen));

    invalid(() => check(rejecting[name]!, 'text', 'a text'));
    await new Promise((resolve) => setTimeout(resolve, 5));

    expect(unhandled).toEqual([]);
  });

  it('gives what a schema throws as the cause', () => {
    const cause = new RangeError('broken');

    const failure = invalid(() =>
      check(
        schemaOf(() => {
          throw cause;
        }),
        1,
        'a number',
      ),
    );

    expect(failure.cause).toBe(cause);
    expect(failure.message).toBe('invalid a number: its schema threw RangeError: broken; got 1');
  });

  it.each([undefined, null, { issues: 1 }])(
    'fails when a schema answers with the nonsense %j',
    (nonsense) => {
      const failure = invalid(() =>
        check(
          schemaOf(() => nonsense as never),
          1,
          'a number',
        ),
      );

      expect(failure.cause).toBeInstanceOf(TypeError);
    },
  );

  it('writes a path as one would write it in code', () => {
    const path = ['user', 0, 'first name', Symbol('s'), { key: 'tags' }, { key: 1 }];

    const failure = invalid(() =>
      check(
        issuing([
          { path, message: 'wrong' },
          { path: [2], message: 'odd' },
        ]),
        1,
        'it',
      ),
    );

    expect(failure.issues.map((issue) => issue.path)).toEqual([
      'user[0]["first name"][Symbol(s)].tags[1]',
      '[2]',
    ]);
    expect(failure.message).toBe(
      'invalid it: user[0]["first name"][Symbol(s)].tags[1]: wrong; [2]: odd; got 1',
    );
  });

  it('keeps 32 issues and names five', () => {
    const issues = Array.from({ length: 100 }, (_, index) => ({ path: [index], message: 'wrong' }));

    const failure = invalid(() => check(issuing(issues), [], 'a list'));

    expect(failure.issues).toHaveLength(32);
    expect(failure.message).toBe(
      'invalid a list: [0]: wrong; [1]: wrong; [2]: wrong; [3]: wrong; [4]: wrong; …; got []',
    );
  });

  it('names five issues without saying that there are more', () => {
    const issues = Array.from({ length: 5 }, () => ({ message: 'wrong' }));

    const failure = invalid(() => check(issuing(issues), 1, 'it'));

    expect(failure.message).toBe('invalid it: wrong; wrong; wrong; wrong; wrong; got 1');
  });

  it('keeps the dots of a path that does not begin with a name', () => {
    const failure = invalid(() => check(issuing([{ path: [0, 'name'], message: 'wrong' }]), [], 'it'));

    expect(failure.issues).toEqual([{ path: '[0].name', message: 'wrong' }]);
  });

  it('shows no secrets of the value', () => {
    const failure = invalid(() => check(issuing([{ message: 'wrong' }]), { apiKey: 'sk-1' }, 'settings'));

    expect(failure.message).toBe('invalid settings: wrong; got {"apiKey":"[redacted]"}');
  });

  it.each(hostileValues)('makes a bounded message for %s', (_, value) => {
    const failure = invalid(() => check(issuing([{ message: 'x'.repeat(10_000) }]), value, 'it'));

    expect(failure.message.length).toBeLessThan(600);
    expect(failure.value).toBe(value);
  });

  it('is a failure that the caller is to blame for', () => {
    const failure = invalid(() => check(issuing([{ message: 'wrong' }]), 1, 'it'));

    expect(failure).toMatchObject({ _tag: 'InvalidParams', code: 'INVALID_PARAMS', class: 'invalid' });
    expect(failure).not.toHaveProperty('cause');
  });

  it('law: a value passes exactly when its schema says so, and comes out as the schema made it', () => {
    fc.assert(
      fc.property(fc.anything(), fc.array(fc.string()), (value, messages) => {
        const issues = messages.map((message) => ({ message }));
        const schema = schemaOf((given) => (issues.length === 0 ? { value: [given] } : { issues }));

        const outcome = attempt(() => check(schema, value, 'it'));

        expect(outcome).toEqual(issues.length === 0 ? [value] : expect.any(InvalidParams));
      }),
    );
  });
});

describe('type', () => {
  it('passes everything as it is', () => {
    const value = { anything: 'at all' };

    expect(check(type<number>(), value, 'a number')).toBe(value);
  });

  it('is a Standard Schema like any other', () => {
    expect(type<number>()['~standard'].validate('text')).toEqual({ value: 'text' });
    expect(type()['~standard']).toMatchObject({ version: 1, vendor: 'troupe' });
  });
});

const schemaOf = <T>(validate: StandardSchema<T>['~standard']['validate']): StandardSchema<T> => ({
  '~standard': { version: 1, vendor: 'hand-made', validate },
});

const issuing = (
  issues: readonly { message: string; path?: readonly (PropertyKey | { key: PropertyKey })[] }[],
) => schemaOf<unknown>(() => ({ issues }));

const rejecting: Readonly<Record<string, StandardSchema<unknown>>> = {
  Zod: z.string().transform(() => {
    throw new Error('broken');
  }),
  'hand-made': schemaOf(() => Promise.reject(new Error('broken'))),
};

function attempt(act: () => unknown): unknown {
  try {
    return act();
  } catch (thrown) {
    return thrown;
  }
}

function invalid(act: () => unknown): InvalidParams {
  const thrown = attempt(act);
  expect(thrown).toBeInstanceOf(InvalidParams);
  return thrown as InvalidParams;
}

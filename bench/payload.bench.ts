/**
 * What does Troupe add to a message of 100 bytes, of 10 kilobytes, of a megabyte? Nanoseconds a message there and back.
 *
 * By request, and as one of 16 replies of a stream; with 1, 10, 50 and 100 under way at once. Beside it
 * stands an async function, or an async generator, that is called for the same. What
 * Troupe takes more than that is the overhead, and that shall be as large for a megabyte as for
 * 100 bytes: a message is handed over, and neither copied nor measured. It is a string of one byte a
 * character, whose length is read at both ends.
 *
 *     npm run bench -- payload
 */
import { createSystem, defineAgent, defineTopic, type } from 'troupe';
import { type Benchmark, type Goal, justDoIt, type Row, type Variant } from './harness/benchmark.ts';

const Asked = defineTopic('asked', { schema: type<string>(), reply: type<string>() });

const sizes = { '100 B': 100, '10 KB': 10_000, '1 MB': 1_000_000 } as const;
const counts = [1, 10, 50, 100] as const;
const ways = ['request', 'stream'] as const;
type Way = (typeof ways)[number];

/** Replies of one stream. */
const repliesEach = 16;

/** Whoever answers a payload by itself, or by itself several times. */
interface Answerer {
  request(payload: string): Promise<string>;
  stream(payload: string): AsyncIterable<string>;
}

async function* repeated(payload: string): AsyncGenerator<string, undefined> {
  for (let nth = 0; nth < repliesEach; nth += 1) {
    yield payload;
  }
}

const functions: Answerer = { request: async (payload) => payload, stream: repeated };

/** Gets `size` answers, or as many more as fill the last stream, with so many questions under way; says of how many characters they were. */
async function answers(way: Way, size: number, inFlight: number, answerer: Answerer, payload: string) {
  const whole = Math.ceil(size / repliesEach) * repliesEach;
  let asked = 0;
  let answered = 0;
  let characters = 0;
  const byRequest = async (): Promise<void> => {
    while (asked < whole) {
      asked += 1;
      const reply = await answerer.request(payload);
      characters += reply.length;
      answered += 1;
    }
  };
  const byStream = async (): Promise<void> => {
    while (asked < whole) {
      asked += repliesEach;
      for await (const reply of answerer.stream(payload)) {
        characters += reply.length;
        answered += 1;
      }
    }
  };
  await Promise.all(Array.from({ length: inFlight }, way === 'request' ? byRequest : byStream));
  if (characters !== answered * payload.length) {
    throw new Error(`${answered} answers of ${payload.length} characters have ${characters}`);
  }
  return answered;
}

function plain(way: Way, inFlight: number): Variant {
  return async ({ size, measure = justDoIt }) => {
    let checksum = 0;
    await measure(async () => {
      checksum = await answers(way, size, inFlight, functions, 'x'.repeat(100));
    });
    return { checksum };
  };
}

function troupe(way: Way, inFlight: number, bytes: number): Variant {
  return async ({ size, measure = justDoIt }) => {
    let checksum = 0;
    const payload = 'x'.repeat(bytes);
    await using system = createSystem();
    const agent = system.spawn(
      way === 'request'
        ? defineAgent({ name: 'echo', subscribe: [Asked], concurrency: inFlight, receive: functions.request })
        : defineAgent({ name: 'echo', subscribe: [Asked], concurrency: inFlight, receive: repeated }),
    );
    const answerer: Answerer = {
      request: (asked) => system.request(agent, asked),
      stream: (asked) => system.stream(agent, asked),
    };

    await measure(async () => {
      checksum = await answers(way, size, inFlight, answerer, payload);
    });

    return { checksum };
  };
}

const nameOf = (way: Way, count: number, size: keyof typeof sizes) => `troupe, ${way}, ${count} × ${size}`;
const plainName = (way: Way, count: number) => `plain ${way}, ${count} ×`;
const sizeNames = Object.keys(sizes) as (keyof typeof sizes)[];

const variants = Object.fromEntries(
  ways.flatMap((way) =>
    counts.flatMap((count): [string, Variant][] => [
      [plainName(way, count), plain(way, count)],
      ...sizeNames.map((size): [string, Variant] => [
        nameOf(way, count, size),
        troupe(way, count, sizes[size]),
      ]),
    ]),
  ),
);

/** The overhead of the size that costs most, as a multiple of that of the size that costs least; over all counts. */
const goals = ways.map(
  (way): Goal => ({
    variant: nameOf(way, 10, '1 MB'),
    claim: `${way}: the overhead of a message is flat from 100 B to 1 MB`,
    figure: (cpuNsOf) => {
      const overheads = sizeNames.map((size) =>
        counts.reduce(
          (sum, count) => sum + cpuNsOf(nameOf(way, count, size)) - cpuNsOf(plainName(way, count)),
          0,
        ),
      );
      return Math.max(...overheads) / Math.min(...overheads);
    },
    max: 1.3,
  }),
);

const rows = ways.flatMap((way) =>
  counts.map(
    (count): Row => ({
      name: `payload by ${way}, ${count} in flight`,
      variant: nameOf(way, count, '1 MB'),
      beside: [nameOf(way, count, '100 B'), nameOf(way, count, '10 KB'), plainName(way, count)],
    }),
  ),
);

export const benchmark: Benchmark = {
  question: 'What does Troupe add to a message, however large it is?',
  unit: 'message',
  size: 64_000,
  variants,
  baseline: plainName('request', 10),
  goals,
  rows,
};

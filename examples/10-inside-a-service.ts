/**
 * A system inside an HTTP server: a reply as JSON, a stream as server-sent events, health, and an end
 * that loses nothing. The clients are here too, over a real socket.
 *
 *   1. A client asks, and gets an answer; another asks for nonsense, and is told what is wrong.
 *   2. A client reads a story to its end, word by word.
 *   3. A client leaves in mid-stream, and the storyteller is interrupted.
 *   4. The server is told to end while somebody is reading; the story is told to its end.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createSystem, defineAgent, defineTopic, type StandardSchema, type } from 'troupe';
import { gracefulShutdown, readJson, sendHealth, sendReply, sendStream } from 'troupe/node';

// #region topics
const aQuestion: StandardSchema<{ text: string }> = schemaOfQuestions(); // Zod, Valibot and others make one for you.

const Question = defineTopic('question', { schema: aQuestion, reply: type<{ answer: string }>() });
const Story = defineTopic('story', { schema: type<{ words: number }>(), reply: type<string>() });
// #endregion

const answerer = defineAgent({
  name: 'answerer',
  subscribe: [Question],
  receive: ({ text }) => ({ answer: `You said: ${text}` }),
});

// #region storyteller
let interrupted = 0;
const storyteller = defineAgent({
  name: 'storyteller',
  subscribe: [Story],
  concurrency: 100, // So many stories at once.
  receive: async function* ({ words }, context) {
    context.signal.addEventListener('abort', () => {
      interrupted += 1;
    });
    for (let n = 1; n <= words; n += 1) {
      await sleep(1);
      yield `word ${n}`;
    }
  },
});
// #endregion

const system = createSystem({ agents: [answerer, storyteller] });

// #region server
const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url!, 'http://here');
  switch (`${request.method} ${pathname}`) {
    case 'POST /ask':
      void sendReply(response, async (terms) => {
        const body = (await readJson(request)) as { text: string }; // Checked by the topic's schema.
        return system.request(Question, body, terms);
      });
      break;
    case 'GET /story':
      void sendStream(response, (terms) =>
        system.stream(Story, { words: Number(searchParams.get('words')) }, terms),
      );
      break;
    case 'GET /live':
    case 'GET /ready':
      sendHealth(response, system, pathname === '/live' ? 'live' : 'ready');
      break;
    default:
      response.writeHead(404).end();
  }
});
// #endregion

// #region shutdown
const shutdown = gracefulShutdown(server, { system, withinMs: 10_000 }); // On SIGTERM and SIGINT, or by hand.
// #endregion
await once(server.listen(0, '127.0.0.1'), 'listening');
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

const headers = { 'content-type': 'application/json' };
const ask = (body: string) => fetch(`${url}/ask`, { method: 'POST', body, headers });
const answered = await (await ask('{"text":"hello"}')).json();
const refused = await ask('{"text":7}');
const problem = (await refused.json()) as { issues: unknown };
console.log(`answered: ${JSON.stringify(answered)}; refused: ${refused.status} ${JSON.stringify(problem)}`);

// What begins with a colon is a comment: here only that the stream is open, when its first word takes long.
const isEvent = (text: string) => text !== '' && !text.startsWith(':');
const events = (await (await fetch(`${url}/story?words=2`)).text()).split('\n\n').filter(isEvent);
console.log(`a story: ${JSON.stringify(events)}`);

const leaving = new AbortController();
const story = await fetch(`${url}/story?words=1000000`, { signal: leaving.signal });
await story.body!.getReader().read();
leaving.abort();
while (interrupted === 0) await sleep(5);
console.log(`left in mid-stream; stories interrupted: ${interrupted}`);

const reading = await fetch(`${url}/story?words=50`);
const report = shutdown.begin();
const ready = await fetch(`${url}/ready`).then(
  ({ status }) => status,
  () => 'no more connections',
);
const lastStory = await reading.text();
console.log(`while it ends, ready says ${ready}; ${JSON.stringify(await report)}`);

assert.deepEqual(answered, { answer: 'You said: hello' });
assert.equal(refused.status, 422);
assert.deepEqual(problem.issues, [{ path: 'text', message: 'expected text' }]);
assert.deepEqual(events, ['data: "word 1"', 'data: "word 2"', 'event: end\ndata: {}']);
assert.equal(interrupted, 1);
assert.match(lastStory, /data: "word 50"\n\nevent: end\ndata: \{\}\n\n$/);
assert.equal((await report).cutOff, 0);
assert.equal(system.health().status, 'stopped');

function schemaOfQuestions(): StandardSchema<{ text: string }> {
  const validate = (value: unknown) =>
    typeof (value as { text?: unknown } | null)?.text === 'string'
      ? { value: value as { text: string } }
      : { issues: [{ message: 'expected text', path: ['text'] }] };
  return { '~standard': { version: 1, vendor: 'example', validate } };
}

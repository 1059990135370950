/**
 * A service that gets SIGTERM while twenty clients ask it as fast as they can: half of
 * them on kept-alive connections with bodies that arrive in two parts, the others on
 * new connections for a stream. A hundred times, each in a process of its own.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { RawConnection } from './http/raw-connection.ts';
import type { Soak } from './soak.ts';

const clients = 20;

export const soak: Soak = {
  claim: 'a service that is asked to end under load answers every request it has accepted',
  run: async ({ scale }) => {
    const times = Math.ceil(100 * scale);
    const all = { times, accepted: 0, answered: 0, 'connections closed before anybody accepted them': 0 };
    let slowestMs = 0;
    for (let time = 0; time < times; time += 1) {
      const { told, answered, cut, endedBy, tookMs } = await oneService(20 + ((time * 37) % 200));
      // Who was cut and not accepted stood at the kernel's door when it was closed: nobody had read a byte of it.
      assert.deepEqual(
        { finished: told.finished, cutOff: told.cutOff, answered, endedBy },
        { finished: told.accepted, cutOff: 0, answered: told.accepted, endedBy: 'SIGTERM' },
        `time ${time}`,
      );
      all.accepted += told.accepted;
      all.answered += answered;
      all['connections closed before anybody accepted them'] += cut;
      slowestMs = Math.max(slowestMs, tookMs);
    }
    return { ...all, 'slowest end, ms': Math.round(slowestMs) };
  },
};

interface Told {
  readonly accepted: number;
  readonly finished: number;
  readonly cutOff: number;
}

/** One service, asked for `loadMs` and then to end. */
async function oneService(loadMs: number) {
  const program = fileURLToPath(new URL('http/service.ts', import.meta.url));
  const child = spawn(process.execPath, ['--conditions=troupe-source', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'close');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const port = Number((await lines.next()).value);
  const seen = { answered: 0, cut: 0 };
  const load = Promise.all(Array.from({ length: clients }, (_, number) => client(port, number, seen)));
  await sleep(loadMs);

  const beganMs = performance.now();
  child.kill('SIGTERM');
  const told = JSON.parse((await lines.next()).value as string) as Told;
  const [, endedBy] = await ended;
  const tookMs = performance.now() - beganMs;
  await load;
  return { told, ...seen, endedBy, tookMs };
}

/** Asks until nobody is there. */
async function client(port: number, number: number, seen: { answered: number; cut: number }): Promise<void> {
  const connection = new RawConnection(port);
  const body = JSON.stringify({ number });
  const head = `Host: here\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
  for (;;) {
    const { _tag, text } =
      number % 2 === 0
        ? await connection.ask(`POST /echo HTTP/1.1\r\n${head}${body.slice(0, 3)}`, body.slice(3))
        : await connection.ask('GET /stream HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n');
    if (_tag === 'refused') {
      return;
    }
    if (_tag === 'cut') {
      seen.cut += 1;
    } else {
      assert.match(text, /^HTTP\/1.1 200 /);
      assert.match(text, number % 2 === 0 ? /"number":\d+\}$/ : /event: end/);
      seen.answered += 1;
    }
  }
}

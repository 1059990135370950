/**
 * A crowd of HTTP clients in a process of its own: fast ones, slow ones, and ones
 * that leave in mid-stream. Prints what they saw as JSON.
 *
 *     node crowd.ts '{"port":8080,"requests":1000,"fast":160,"slow":20,"leaving":20}'
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { RawConnection } from './raw-connection.ts';

export interface CrowdOptions {
  readonly port: number;
  /** What the fast ones ask in all; every fourth is a stream. */
  readonly requests: number;
  readonly fast: number;
  readonly slow: number;
  readonly leaving: number;
  /** What a stream of the fast ones is asked for: `four` replies, or one that begins `late`. */
  readonly stream?: 'four' | 'late';
}

/** Milliseconds, but for the counts. */
export interface CrowdReport {
  readonly answered: number;
  readonly left: number;
  readonly p50: number;
  readonly p99: number;
  readonly firstByteP50: number;
  readonly firstByteP99: number;
  readonly firstByteMax: number;
  readonly seconds: number;
}

const { port, requests, fast, slow, leaving, stream = 'four' } = JSON.parse(process.argv[2]!) as CrowdOptions;
const ask = (path: string) => `GET ${path} HTTP/1.1\r\nHost: here\r\n\r\n`;
let toAsk = requests;
let over = false;
let left = 0;
const wholeMs = new Float64Array(requests);
const firstByteMs: number[] = [];
let answered = 0;

async function fastClient(): Promise<void> {
  const connection = new RawConnection(port);
  while (toAsk > 0) {
    const number = toAsk;
    toAsk -= 1;
    const isStream = stream === 'late' || number % 4 === 0;
    const {
      _tag,
      text,
      firstByteMs: first,
      lastByteMs,
    } = await connection.ask(ask(isStream ? `/${stream}` : '/echo'));
    assert.equal(_tag, 'answered');
    assert.match(text, isStream ? /event: end/ : /"echo"$/);
    wholeMs[answered] = lastByteMs;
    answered += 1;
    if (isStream) firstByteMs.push(first);
  }
  connection.close();
}

/** Reads 1 KB a second, and leaves when the fast ones are done. */
async function slowClient(): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1' });
  socket.on('error', () => {});
  await once(socket, 'connect');
  socket.write(ask('/endless'));
  socket.on('readable', () => {}); // Nothing flows unless it is read.
  while (!over) {
    socket.read(1_024);
    await sleep(1_000, undefined, { ref: false });
  }
  socket.destroy();
  left += 1;
}

/** Leaves in mid-stream, again and again: half of the times politely. */
async function leavingClient(): Promise<void> {
  for (let n = 0; !over; n += 1) {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.on('error', () => {});
    await once(socket, 'connect');
    socket.write(ask('/endless'));
    await once(socket, 'data');
    if (n % 2 === 0) socket.destroy();
    else socket.resetAndDestroy();
    left += 1;
    await sleep(100);
  }
}

const beganMs = performance.now();
const others = [
  ...Array.from({ length: slow }, slowClient),
  ...Array.from({ length: leaving }, leavingClient),
];
// Nobody is to be measured who comes to an empty house.
if (others.length > 0) await sleep(1_000);
await Promise.all(Array.from({ length: fast }, fastClient));
const seconds = (performance.now() - beganMs) / 1_000;
over = true;
await Promise.race([Promise.all(others), sleep(3_000)]);

const percentile = (sorted: ArrayLike<number>, of: number): number =>
  Number((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * of))] ?? 0).toFixed(2));
wholeMs.sort();
firstByteMs.sort((a, b) => a - b);
const report: CrowdReport = {
  answered,
  left,
  p50: percentile(wholeMs, 0.5),
  p99: percentile(wholeMs, 0.99),
  firstByteP50: percentile(firstByteMs, 0.5),
  firstByteP99: percentile(firstByteMs, 0.99),
  firstByteMax: percentile(firstByteMs, 1),
  seconds,
};
process.stdout.write(JSON.stringify(report), () => process.exit());

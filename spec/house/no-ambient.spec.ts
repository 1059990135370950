/** Time, chance, identity and turns enter through the environment; `src/` never takes them from the air. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { filesAt, lineAt, type Node, type Place, parse, placesIn } from './source.ts';

const doors = ['src/adapters/', 'src/cli/', 'src/core/live-environment.ts', 'src/testing/host-loop.ts'];

const names = ['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'randomUUID'];
const members = ['Date.now', 'Math.random', 'performance.now', 'process.hrtime', 'process.nextTick'];
const globals = ['globalThis', 'crypto', 'timers'];

describe('no ambient time, chance or identity', () => {
  it('src/ reads no wall clock, rolls no dice, invents no ids and takes no turns outside its doors', () => {
    const rooms = filesAt('src/**/*.ts').filter((path) => !doors.some((door) => path.startsWith(door)));

    expect(
      rooms.flatMap((path) => ambientIn(readFileSync(path, 'utf8')).map((found) => `${path}:${found}`)),
    ).toEqual([]);
  });

  it.each([
    'Date.now()',
    'const now = Date.now',
    'new Date()',
    'Date()',
    'Math.random()',
    'globalThis.setTimeout(f, 1)',
    'setImmediate(f)',
    'const wheel = { setInterval }',
    'queueMicrotask(f)',
    'performance.now()',
    'crypto.randomUUID()',
    "import { randomUUID } from 'node:crypto'",
    "import { setTimeout as sleep } from 'node:timers/promises'",
  ])('%s is ambient', (code) => {
    expect(ambientIn(code)).not.toEqual([]);
  });

  it.each([
    '// Date.now()',
    "const told = 'Date.now()'",
    'new Date(nowMs)',
    'clock.setTimeout(f, 1)',
    'const clock = { setTimeout(f, delayMs) { return environment.schedule(delayMs, f) } }',
    'interface Clock { setTimeout(f: () => void, delayMs: number): unknown }',
  ])('%s is not ambient', (code) => {
    expect(ambientIn(code)).toEqual([]);
  });
});

/** The ambient things in this code, each as `line word`. */
function ambientIn(code: string): string[] {
  return [...placesIn(parse(code))]
    .filter((place) => isAmbientName(place) || isAmbientMember(place.node) || isPresentDate(place.node))
    .map(({ node }) => `${lineAt(code, node.start)} ${code.slice(node.start, node.end)}`);
}

/** A bare ambient name; a key or a member of an object of our own may be called like one, as XState's clock is. */
function isAmbientName({ node, parent, field }: Place): boolean {
  if (node.type !== 'Identifier' || !names.includes(String(node.name))) return false;
  if (field === 'key' && parent.computed !== true) return false;
  return field !== 'property' || node.name === 'randomUUID' || globals.includes(nameOf(parent.object));
}

function isAmbientMember(node: Node): boolean {
  return (
    node.type === 'MemberExpression' && members.includes(`${nameOf(node.object)}.${nameOf(node.property)}`)
  );
}

function isPresentDate(node: Node): boolean {
  const isMade = node.type === 'NewExpression' && (node.arguments as Node[]).length === 0;
  return (isMade || node.type === 'CallExpression') && nameOf(node.callee) === 'Date';
}

const nameOf = (node: unknown): string => String((node as Node).name);

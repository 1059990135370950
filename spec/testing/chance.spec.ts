import { describe, expect, it } from 'vitest';
import { defineAgent } from '../../src/actors/define-agent.ts';
import { type } from '../../src/core/schema.ts';
import { defineTopic } from '../../src/core/topic.ts';
import type { Chance } from '../../src/testing/chance.ts';
import { CounterexampleFound } from '../../src/testing/counterexample.ts';
import { explore } from '../../src/testing/explore.ts';
import { faultyModel } from '../../src/testing/faulty-model.ts';
import { scriptedModel } from '../../src/testing/scripted-model.ts';
import { type DiskOptions, SimulatedDisk } from '../../src/testing/simulated-disk.ts';
import type { World } from '../../src/testing/world.ts';

const quietRun = 'this is the quiet run: first come, first served, and nothing goes wrong';
const Note = defineTopic('note', { schema: type<string>() });

type Setup = Parameters<typeof explore>[0];

async function foundBy(setup: Setup, atQuiet: () => unknown): Promise<CounterexampleFound> {
  const thrown = await explore(setup, { runs: 500, seed: 1 }, atQuiet).catch((one: unknown) => one);
  expect(thrown).toBeInstanceOf(CounterexampleFound);
  return thrown as CounterexampleFound;
}

/** Everything that is told of a counterexample, but for the sentence of the quiet run, which must not be there. */
function toldOf(found: CounterexampleFound): string {
  const test = found.regressionTest({ runner: 'vitest', from: './a.ts' });
  expect(found.tape).not.toEqual([]);
  expect(found.difference).not.toContain(quietRun);
  expect(test).not.toContain(quietRun);
  return found.difference.join('\n');
}

/** Writes a word on a disk, in an agent. */
const onDisk =
  (options: DiskOptions, after: (disk: SimulatedDisk, written: boolean) => unknown, wrap = asItIs): Setup =>
  async (system, world) => {
    const disk = new SimulatedDisk(wrap(world), options);
    const receive = async (): Promise<void> => {
      const written = await write(disk).then(
        () => true,
        () => false,
      );
      await after(disk, written);
    };
    system.spawn(defineAgent({ name: 'writer', subscribe: [Note], receive }));
    system.publish(Note, 'hello');
  };

const asItIs = (world: World): ConstructorParameters<typeof SimulatedDisk>[0] => world;

async function write(disk: SimulatedDisk): Promise<void> {
  const file = await disk.open('/a', 'w+');
  await file.write(new TextEncoder().encode('hello'), 0, 5, 0);
  await file.sync();
  await file.close();
  const folder = await disk.open('/', 'r');
  await folder.sync();
  await folder.close();
}

describe('what a disk does by chance', () => {
  it.each([
    ['sync', /the disk fails a sync: it can be tried again/],
    ['full', /the disk is full: of 5 bytes 0 fit/],
    ['read', /the disk fails a read of \/a/],
    ['short', /the disk reads or writes 1 of 5 bytes/],
    ['flip', /the disk loses power: \/a: bit \d of byte \d flipped/],
  ] as const)('is told of in the story and among the differences: %s', async (fault, words) => {
    let content: string | undefined;
    const setup = onDisk({ faults: [fault] }, async (disk, written) => {
      disk.crash();
      content = written ? new TextDecoder().decode(await disk.readFile('/a')) : undefined;
    });
    const readable: Setup = (system, world) => {
      content = undefined;
      return setup(system, world);
    };

    const found = await foundBy(readable, () => content === 'hello');

    expect(toldOf(found)).toMatch(words);
    expect(found.story.text.replace(/\s+/g, ' ')).toContain('the disk ');
    expect(found.trace.join('\n')).toMatch(words);
  });

  it('is told of when the power fails in the middle', async () => {
    let cuts = 0;
    const setup: Setup = async (_system, world) => {
      const disk = new SimulatedDisk(world);
      cuts = (await disk.crashDuring(() => write(disk), 4)).ended ? 0 : 1;
    };

    const found = await foundBy(setup, () => cuts === 0);

    expect(toldOf(found)).toMatch(/the disk loses power, after 1 operations of the work/);
  });

  it('is told of at a length that can be read', async () => {
    let left = 0;
    const setup = onDisk({ pageBytes: 8 }, async (disk) => {
      const file = await disk.open('/a', 'r+');
      await file.write(new Uint8Array(200).fill(7), 0, 200, 0);
      disk.crash();
      left = (await disk.readFile('/a')).length;
    });

    const found = await foundBy(setup, () => left === 200);

    expect(toldOf(found)).toMatch(/the disk loses power: .*; \d+ more/);
  });

  it('is told of answer by answer where the disk cannot tell', async () => {
    let failed = false;
    const setup = onDisk(
      { faults: ['sync'] },
      (_disk, written) => {
        failed = !written;
      },
      (world) => ({ environment: world.environment, choose: (count, what) => world.choose(count, what) }),
    );

    const found = await foundBy(setup, () => !failed);

    expect(toldOf(found)).toContain('  * fault: a sync fails (at 0 ms)');
  });
});

describe('what a model does by chance', () => {
  const asked =
    (choose: (world: World) => Chance, heard: (text: string) => void): Setup =>
    async (system, world) => {
      const pace = world.environment;
      const model = faultyModel(scriptedModel(['Yes.'], { pace }), {
        choose: choose(world),
        pace,
        faults: ['refusal'],
      });
      const receive = async (): Promise<void> => {
        const { content } = await model.doGenerate({ prompt: [] });
        heard(JSON.stringify(content));
      };
      system.spawn(defineAgent({ name: 'asker', subscribe: [Note], receive }));
      system.publish(Note, 'hello');
    };

  it('is told of in the story, and counted', async () => {
    let answer = '';
    const hear = (text: string) => {
      answer = text;
    };

    const found = await foundBy(
      asked((world) => world.chance, hear),
      () => answer.includes('Yes'),
    );

    expect(toldOf(found)).toMatch(/the model \S+ spoils its answer to call 1: refused/);
    expect(found.story.text).toMatch(/the model \S+ spoils/);
    const { coverage } = await explore(
      asked((world) => world.chance, hear),
      { runs: 100, seed: 1, coverage: 'all' },
      () => {},
    );
    expect(Object.keys(coverage.faults)).toEqual([expect.stringMatching(/^the model /)]);
  });

  it('is told of answer by answer where the model cannot tell', async () => {
    let answer = '';
    const setup = asked(
      (world) => (count, what) => world.choose(count, what),
      (text) => {
        answer = text;
      },
    );

    const found = await foundBy(setup, () => answer.includes('Yes'));

    expect(toldOf(found)).toContain('  * fault: what becomes of an answer (at 0 ms)');
  });
});

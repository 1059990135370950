/**
 * Running a program: its system, its progress, its answer, its end.
 *
 *     system starts -> program runs, answer is written -> system drains -> report
 *
 * Whatever happens, the system is stopped, the trace is closed and something true
 * is said. A run ends in one of four ways: the program is done, it failed, the user
 * asked to stop, or nobody reads what it prints.
 */
import { getEventListeners } from 'node:events';
import { createSystem, type System } from '../actors/system.ts';
import { consoleWriter } from '../core/console-writer.ts';
import type { EventListener, SystemEvent } from '../core/system-event.ts';
import { AnswerWriter } from './answer-writer.ts';
import type { RunOptions } from './command-line.ts';
import { exitCodes, Interruption, type StopSignal } from './interruption.ts';
import type { Output } from './output.ts';
import type { Findings, Job, Program } from './program.ts';
import { Progress } from './progress.ts';
import { counted, type Facts, figuresText, findingsText, jsonText } from './report.ts';
import { exitCodeOf, failureText } from './say-failure.ts';
import { openTraceFile } from './trace-file.ts';

/** How long agents may take to finish what they accepted: a person who pressed Ctrl-C waits no longer. */
const drainMs = 5_000;

const hourMs = 3_600_000;

export interface Run {
  readonly file: string;
  readonly program: Program;
  readonly values: Readonly<Record<string, unknown>>;
  readonly options: RunOptions;
  readonly stdout: Output;
  readonly stderr: Output;
}

type Ending =
  | { readonly _tag: 'Done'; readonly findings: Findings }
  | { readonly _tag: 'Failed'; readonly failure: unknown }
  | { readonly _tag: 'Interrupted'; readonly by: StopSignal }
  | { readonly _tag: 'Unread' };

/** Runs a program and tells its exit code. Errors: `BadOption` when there can be no trace. */
export async function runProgram(run: Run): Promise<number> {
  const { file, options, stderr, stdout } = run;
  const trace = options.trace === false ? undefined : openTraceFile(options.trace, file);
  const startedAtMs = performance.now();

  let progress: Progress | undefined;
  const say = (text: string): void => {
    progress?.clear();
    void stderr.write(text);
  };
  const system = createSystem({
    events: [
      ...(trace === undefined ? [] : [trace.listener]),
      ...(options.quiet ? [] : [spoken(say, options.verbose)]),
    ],
  });
  progress = options.quiet ? undefined : progressOf(run, system);
  const interruption = new Interruption(process, (by) => {
    progress?.clear();
    process.exit(exitCodes[by]);
  });
  const answer = new AnswerWriter({ stdout, keeps: options.json, onFirst: () => progress?.stop() });

  progress?.start();
  const ending = await Promise.race<Ending>([
    perform(run, answer, {
      system,
      options: run.values as never,
      signal: interruption.signal,
      progress: (figures) => progress?.set(figures),
    }),
    interruption.asked.then((by) => ({ _tag: 'Interrupted', by })),
    stdout.closed.then(() => unread(stdout)),
    brokenProcess(file, interruption.signal),
  ]);
  // What was counted is forgotten when the agents have gone.
  const statistics = system.statistics();
  const facts = { program: file, elapsedMs: performance.now() - startedAtMs, statistics, trace: trace?.path };
  const drained = await end(system, ending, say);
  progress?.stop();
  interruption.forget();
  const incomplete = await trace?.close();

  const code = await report(run, ending, answer, facts, drained);
  if (incomplete !== undefined) {
    await stderr.write(`troupe: ${incomplete}\n`);
  }
  return code;
}

async function perform({ program, stdout }: Run, answer: AnswerWriter, job: Job<never>): Promise<Ending> {
  try {
    const findings = await answer.writeAll(program.run(job));
    return stdout.isClosed ? unread(stdout) : { _tag: 'Done', findings };
  } catch (failure) {
    return { _tag: 'Failed', failure };
  }
}

/** Ends the system; says how much was finished when the user is waiting for that. */
async function end(system: System, ending: Ending, say: (text: string) => void): Promise<string | undefined> {
  switch (ending._tag) {
    case 'Done':
      await system.drain({ withinMs: drainMs });
      return undefined;
    case 'Interrupted':
      return drainAloud(system, say);
    default:
      await system.stop();
      return undefined;
  }
}

async function drainAloud(system: System, say: (text: string) => void): Promise<string> {
  const startedAtMs = performance.now();
  const lettersBefore = system.deadLetters.total;
  let finished = 0;
  system.listen({ next: (event) => (finished += isFinished(event) ? 1 : 0) });
  const accepted = counted(system.health().inFlight, 'message');
  say(`\nStopping: ${accepted} to finish, for at most ${drainMs / 1_000} s; Ctrl-C again ends at once.\n`);
  await system.drain({ withinMs: drainMs });
  const left = system.deadLetters.total - lettersBefore;
  const seconds = ((performance.now() - startedAtMs) / 1_000).toFixed(2);
  return `Drained in ${seconds} s: ${counted(finished, 'message')} finished, ${left} left.`;
}

const isFinished = (event: SystemEvent): boolean =>
  event._tag === 'HandlingEnded' && event.outcome !== 'interrupted';

/** Says how it ended, to people or to machines, and tells the exit code. */
async function report(
  { file, options, stdout, stderr }: Run,
  ending: Ending,
  answer: AnswerWriter,
  facts: Facts,
  drained: string | undefined,
): Promise<number> {
  await answer.endLine();
  switch (ending._tag) {
    case 'Unread':
      return 0;
    case 'Done': {
      const { findings } = ending;
      if (options.json) {
        await stdout.write(jsonText(facts, { answer: answer.text, findings }));
      } else {
        await stdout.write(findingsText(findings));
        await stdout.write(options.quiet ? '' : figuresText(facts));
      }
      return 0;
    }
    case 'Failed': {
      const { failure } = ending;
      if (options.json) await stdout.write(jsonText(facts, { failure }));
      await stderr.write(failureText(file, failure, options.verbose));
      if (!options.json && !options.quiet && facts.trace !== undefined)
        await stderr.write(`Trace: ${facts.trace}\n`);
      return exitCodeOf(failure);
    }
    case 'Interrupted': {
      const failure = { _tag: 'Interrupted', code: 'INTERRUPTED', message: `${drained} (${ending.by})` };
      if (options.json) await stdout.write(jsonText(facts, { failure }));
      await stderr.write(`${drained}\n`);
      return exitCodes[ending.by];
    }
  }
}

function unread(stdout: Output): Ending {
  return stdout.trouble === undefined ? { _tag: 'Unread' } : { _tag: 'Failed', failure: stdout.trouble };
}

/** Code outside of agents threw where nobody could catch it, or waits for something that cannot come. */
function brokenProcess(file: string, signal: AbortSignal): Promise<Ending> {
  return new Promise((resolve) => {
    process.on('uncaughtException', (failure) => resolve({ _tag: 'Failed', failure }));
    process.once('beforeExit', () => {
      if (getEventListeners(signal, 'abort').length > 0) {
        // It waits for the user, who can still come, but listening to signals keeps no process alive.
        setInterval(() => {}, hourMs);
        return;
      }
      const failure = new Error(`${file} waits for something that can no longer come`);
      resolve({ _tag: 'Failed', failure });
    });
  });
}

/** What of a system's events a person is told at once: what nobody expected, and what agents warn of. */
function spoken(say: (text: string) => void, everything: boolean): EventListener {
  const writer = consoleWriter({ write: say, level: everything ? 'debug' : 'warn' });
  return everything ? writer : { next: (event) => isUnexpected(event) && writer.next(event) };
}

const isUnexpected = (event: SystemEvent): boolean =>
  (event._tag === 'Failed' && event.report.class === 'defect') || event._tag === 'Logged';

function progressOf({ file, stderr }: Run, system: System): Progress {
  const isLive = stderr.isTerminal && process.env.TERM !== 'dumb';
  return new Progress({
    write: (text) => void stderr.write(text),
    nowMs: () => performance.now(),
    statistics: () => system.statistics(),
    // A terminal that does not know its width says 0.
    columns: isLive ? () => stderr.stream.columns || 80 : undefined,
    title: file,
  });
}

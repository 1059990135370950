import {
  concat,
  concatMap,
  from,
  lastValueFrom,
  map,
  mergeMap,
  of,
  Subject,
  Subscription,
  take,
  throwError,
  toArray,
} from 'rxjs';
import {
  all,
  any,
  fanin,
  fanout,
  firstK,
  type Group,
  majority,
  mapAsync,
  type Outcome,
  streamAgent,
  withinMs,
} from 'troupe';
import { describe, expect, it } from 'vitest';
import { Ask, aPanel } from '../support/a-panel.ts';

const by = (answer: string): string => answer;

describe('fanout and fanin', () => {
  it('ask all of each question, one question after the other', async () => {
    const { turns, answers, experts, log } = aPanel(['a', 'b']);
    const values: unknown[] = [];
    from(['one?', 'two?'])
      .pipe(fanout(experts), fanin(all()))
      .subscribe((gathered) => values.push([gathered.question, gathered.value]));
    await turns();
    expect(log).toEqual(['a begins', 'b begins']);
    await answers('b', 'b1');
    await answers('a', 'a1');
    expect(log).toEqual(['a begins', 'b begins', 'a begins', 'b begins']);
    await answers('a', 'a2');
    await answers('b', 'b2');

    expect(values).toEqual([
      ['one?', ['a1', 'b1']],
      ['two?', ['a2', 'b2']],
    ]);
  });

  it('keep several groups open, and let out what is ready where order does not matter', async () => {
    const { turns, answers, experts } = aPanel(['a']);
    const values: unknown[] = [];
    from(['one?', 'two?'])
      .pipe(fanout(experts), fanin(any(), { concurrency: 2, ordered: false }))
      .subscribe(({ question, value }) => values.push(`${question} ${value}`));
    await turns();
    await answers('a', 'first');
    await answers('a', 'second');

    expect(values).toEqual(['one? first', 'two? second']);
  });

  it('interrupt losers, and all who are asked when the stream is left', async () => {
    const { turns, answers, experts, log } = aPanel();
    const reading = new Subject<string>();
    const values: unknown[] = [];
    const subscription = reading
      .pipe(fanout(experts), fanin(majority(by)))
      .subscribe(({ value }) => values.push(value));
    reading.next('one?');
    await turns();
    await answers('a', 'yes');
    await answers('b', 'yes');
    expect(values).toEqual(['yes']);
    expect(log.at(-1)).toBe('c is interrupted');
    reading.next('two?');
    await turns();
    subscription.unsubscribe();
    await turns();

    expect(log.slice(-3)).toEqual(['a is interrupted', 'b is interrupted', 'c is interrupted']);
  });

  it('fail the stream when a policy can be decided no more, or refuses a group of that size', async () => {
    const { turns, fails, experts } = aPanel(['a']);
    const failures: unknown[] = [];
    const error = (failure: unknown): void => void failures.push(failure);
    of('one?').pipe(fanout(experts), fanin(all())).subscribe({ error });
    of('one?')
      .pipe(fanout(experts), fanin(firstK(2)))
      .subscribe({ error });
    await turns();
    await fails('a');

    expect(failures).toMatchObject([
      { message: 'firstK(2) needs at least 2 to ask; got a group of 1' },
      { code: 'NOT_GATHERED' },
    ]);
  });

  it('belong to the message of a stream agent: its budget, its credit, its end', async () => {
    const { system, turns, answers, experts, log } = aPanel();
    const panel = system.spawn(
      streamAgent({
        name: 'panel',
        subscribe: [Ask],
        stream: (inbox) =>
          inbox.pipe(
            fanout(experts),
            fanin(firstK(1)),
            map(
              ({ value, outcomes }) =>
                `${value} ${JSON.stringify(outcomes.map(({ spent }) => spent.tokens))}`,
            ),
          ),
      }),
    );
    await turns();
    const replies: unknown[] = [];
    const gone = new AbortController();
    for (const options of [{ budget: { tokens: 10 } }, { signal: gone.signal }]) {
      system.request(panel, 'why?', options).then(
        (reply) => replies.push(reply),
        (failure) => replies.push(failure._tag),
      );
    }
    await turns();
    expect(log).toHaveLength(3);
    await answers('b');
    expect(replies).toEqual(['b [2,2,2]']);
    expect(log.slice(-3)).toEqual(['a begins', 'b begins', 'c begins']);
    gone.abort();
    await turns();

    expect(replies).toEqual(['b [2,2,2]', 'Interrupted']);
    expect(log.slice(-3)).toEqual(['a is interrupted', 'b is interrupted', 'c is interrupted']);
  });

  it('ask nobody before the outcomes are read, and nobody at all where they never are', async () => {
    const { turns, experts, log } = aPanel();
    const groups = await lastValueFrom(from(['one?', 'two?']).pipe(fanout(experts), toArray()));
    await turns();

    expect(log).toEqual([]);
    expect(groups.map(({ question, size }) => `${question} ${size}`)).toEqual(['one? 3', 'two? 3']);
  });

  it('give the outcomes as they arrive; whoever comes later gets all of them', async () => {
    const { turns, answers, fails, experts } = aPanel();
    const [group] = await lastValueFrom(of('why?').pipe(fanout(experts), toArray()));
    const seen: string[] = [];
    const see = (who: string) => ({
      next: (outcome: Outcome<string>) => void seen.push(`${who}: ${outcome.agent} ${outcome._tag}`),
      complete: () => void seen.push(`${who}: complete`),
    });
    group!.outcomes.subscribe(see('first'));
    await turns();
    await answers('b');
    group!.outcomes.subscribe(see('second'));
    await fails('a');
    group!.interrupt();
    group!.interrupt('again');
    group!.outcomes.subscribe(see('third'));

    const all3 = ['/b Replied', '/a Failed', '/c Interrupted', 'complete'];
    for (const who of ['first', 'second', 'third']) {
      expect(seen.filter((line) => line.startsWith(who))).toEqual(all3.map((line) => `${who}: ${line}`));
    }
  });

  it('interrupt what is left when the last reader has gone, or when nobody was asked yet', async () => {
    const { turns, experts, log } = aPanel(['a', 'b']);
    const groups = await lastValueFrom(from(['one?', 'two?']).pipe(fanout(experts), toArray()));
    const readers = new Subscription();
    const one = groups[0]!.outcomes.subscribe();
    readers.add(groups[0]!.outcomes.subscribe());
    await turns();
    one.unsubscribe();
    await turns();
    expect(log).toEqual(['a begins', 'b begins']);
    readers.unsubscribe();
    await turns();
    expect(log.slice(-2)).toEqual(['a is interrupted', 'b is interrupted']);
    groups[1]!.interrupt();
    const outcomes = await lastValueFrom(groups[1]!.outcomes.pipe(toArray()));

    expect(outcomes).toMatchObject([
      { agent: '/a', _tag: 'Interrupted', failure: { reason: 'nobody wants what is left of its group' } },
      { agent: '/b', _tag: 'Interrupted' },
    ]);
  });

  it('keep the credit of a question while its outcomes are read, and let them out in its turns', async () => {
    const { system, turns, answers, experts, log } = aPanel(['a', 'b']);
    const panel = system.spawn(
      streamAgent({
        name: 'panel',
        subscribe: [Ask],
        stream: (inbox) =>
          inbox.pipe(
            fanout(experts),
            mergeMap(({ outcomes }) => outcomes.pipe(take(2))),
            map((outcome) => (outcome._tag === 'Replied' ? outcome.value : outcome._tag)),
          ),
      }),
    );
    await turns();
    const replies: unknown[] = [];
    const gone = new AbortController();
    for (const signal of [new AbortController().signal, gone.signal]) {
      system.request(panel, 'why?', { signal }).then(
        (reply) => replies.push(reply),
        (failure) => replies.push(failure._tag),
      );
    }
    await turns();
    expect(log).toEqual(['a begins', 'b begins']);
    await answers('b');
    expect(replies).toEqual(['b']);
    await answers('a');
    expect(log.slice(-2)).toEqual(['a begins', 'b begins']);
    gone.abort();
    await turns();

    expect(replies).toEqual(['b', 'Interrupted']);
    expect(log.slice(-2)).toEqual(['a is interrupted', 'b is interrupted']);
  });

  it('end the outcomes of a question that is given up, so that the next one is read', async () => {
    const { system, turns, answers, experts, log } = aPanel(['a', 'b']);
    const panel = system.spawn(
      streamAgent({
        name: 'panel',
        subscribe: [Ask],
        stream: (inbox) =>
          inbox.pipe(
            fanout(experts),
            concatMap(({ outcomes }) => outcomes.pipe(toArray())),
            mapAsync(1, async (each) => each.map(({ _tag }) => _tag).join()),
          ),
      }),
    );
    await turns();
    const replies: unknown[] = [];
    const ask = (signal?: AbortSignal) =>
      system.request(panel, 'why?', signal === undefined ? {} : { signal }).then(
        (reply) => replies.push(reply),
        (failure) => replies.push(failure._tag),
      );
    const gone = new AbortController();
    void ask(gone.signal);
    await turns();
    await answers('a');

    gone.abort();
    await turns();
    expect(log.slice(-1)).toEqual(['b is interrupted']);
    void ask();
    await turns();
    await answers('a');
    await answers('b');

    expect(replies).toEqual(['Interrupted', 'Replied,Replied']);
    expect(system.statistics().agents.find(({ path }) => path === '/panel')).toMatchObject({ restarts: 0 });
  });

  it('gather a group that was made of another, whose outcomes are an Observable like any', async () => {
    const { turns } = aPanel([]);
    const outcome = (index: number, value: string): Outcome<string> => ({
      _tag: 'Replied',
      agent: `/${index}`,
      index,
      value,
      spent: {},
      tookMs: 0,
    });
    let interrupted = 0;
    const group = (outcomes: Group<string, string>['outcomes']): Group<string, string> => ({
      question: 'why?',
      size: 2,
      outcomes,
      interrupt: () => {
        interrupted += 1;
      },
    });
    const told: unknown[] = [];
    const tell = {
      next: ({ value }: { value: unknown }) => void told.push(value),
      error: (failure: Error) => void told.push(failure.message),
    };
    const open = new Subject<Outcome<string>>();
    of(group(of(outcome(0, 'x'), outcome(1, 'x'))))
      .pipe(fanin(majority(by)))
      .subscribe(tell);
    of(group(open)).pipe(fanin(all())).subscribe(tell);
    open.error(new Error('cut'));
    of(group(of(outcome(0, 'y'))))
      .pipe(fanin(all()))
      .subscribe(tell);
    of(group(open))
      .pipe(fanin(withinMs(5)))
      .subscribe(tell);
    const enough = concat(
      of(outcome(0, 'z')),
      throwError(() => new Error('too late to be told')),
    );
    of(group(enough)).pipe(fanin(any())).subscribe(tell);
    await turns();

    expect(interrupted).toBe(4);
    expect(told.toSorted()).toEqual([
      'all cannot be had of 1: all who were asked have ended, and it is not decided; 1 answered',
      'cut',
      'fanin with a time limit needs a system for its time: use it on the inbox of a stream agent, or on what system.observe and stream give',
      'x',
      'z',
    ]);
  });

  it('know the time of the system they ask in', async () => {
    const { turns, world, answers, experts } = aPanel(['a', 'b']);
    const values: unknown[] = [];
    of('why?')
      .pipe(fanout(experts), fanin(withinMs(5)))
      .subscribe(({ value }) => values.push(value));
    await turns();
    await answers('b');
    await world.advance(5);

    expect(values).toEqual([['b']]);
  });

  it('say so where nobody knows of which system they are', async () => {
    const failures: unknown[] = [];
    const error = (failure: Error): void => void failures.push(failure.message.slice(0, 49));
    of('why?')
      .pipe(fanout([Ask]), fanin(all()))
      .subscribe({ error });
    of('why?')
      .pipe(
        fanout([Ask]),
        mergeMap(({ outcomes }) => outcomes),
      )
      .subscribe({ error });
    await Promise.resolve();
    await Promise.resolve();

    expect(failures).toEqual(Array(2).fill('fanout does not know of which system it is: use i'));
  });
});

/**
 * A company that bids for orders: a manager with a contract net, contractors of every
 * temper (who refuse, dawdle, fail or never finish, as the tape of a world says), and a
 * customer who asks again until an order has been done.
 */
import {
  type AgentRef,
  type AwardEntry,
  type Context,
  type ContractorRef,
  contractNet,
  contractor,
  defineAgent,
  defineContract,
  defineTopic,
  type MemoryAwards,
  memoryAwards,
  refuse,
  type,
} from 'troupe';
import { senderOf } from '../../src/actors/sender-of.ts';
import type { World } from '../../src/testing/index.ts';
import { boom } from './boom.ts';

const bidWithinMs = 30;
const workWithinMs = 100;
const awardsMax = 3;

/** One call of the contract net for an order. */
interface Call {
  readonly order: string;
  /** What was bid, as the manager heard it, and is not awarded yet. */
  readonly heard: { readonly path: string; readonly place: number; readonly score: number }[];
}

interface Task {
  readonly order: string;
  readonly call: Call;
}

interface Bid {
  readonly price: number;
  /** Whether it took longer than a bid may take. */
  readonly isLate: boolean;
}

const Job = defineContract('job', { task: type<Task>(), bid: type<Bid>(), result: type<string>() });
const Order = defineTopic('order', { schema: type<string>(), reply: type<string>() });

/** The work on an order by one contractor. */
interface Work {
  readonly order: string;
  readonly path: string;
  readonly context: Context;
  over: boolean;
}

export class BiddingCompany {
  readonly world: World;
  readonly size: number;
  /** What was answered to the customer, and to the manager, by order. */
  readonly results = new Map<string, Set<string>>();
  readonly works: Work[] = [];
  readonly completed: string[] = [];
  readonly lapsed: string[] = [];
  /** Bids that were made and have come to nothing yet, by contractor. */
  readonly standing = new Map<string, Set<string>>();
  /** What is wrong, as soon as it is. */
  readonly wrongs: string[] = [];
  readonly #store: MemoryAwards = memoryAwards();
  #storeIsSlow = false;
  readonly #calls: Call[] = [];
  /** Who comes next, by order. */
  readonly #reserve = new Map<string, string | undefined>();
  /** The same, where an award has been taken back by a manager that goes on. */
  readonly #next = new Map<string, string | undefined>();
  /** How much each contractor has in hand: what comes waits for a free hand. */
  readonly #busy = new Map<string, number>();

  constructor(world: World, size: number) {
    this.world = world;
    this.size = size;
  }

  async perform(): Promise<void> {
    const { chance, system } = this.world;
    const tempers = {
      refuses: chance(3, 'who refuses'),
      dawdles: chance(3, 'who dawdles'),
      fails: chance(3, 'whose work fails'),
      hangs: chance(3, 'whose work never ends'),
      concurrency: 1 + chance(2, 'how many at once'),
    };
    this.#storeIsSlow = chance(2, 'whether the store is slow') === 1;
    const refs = Array.from({ length: this.size }, (_, place) =>
      system.spawn(this.#contractor(place, tempers), { id: `c${place}` }),
    );
    const manager = system.spawn(this.#manager(refs));
    const orders = chance(3, 'how many orders') === 2 ? ['o1', 'o2'] : ['o1'];
    await Promise.all(orders.map((order) => this.#customer(manager, order)));
  }

  /** Work that is being done now. */
  get live(): readonly Work[] {
    return this.works.filter(({ over, context }) => !over && senderOf(context).revoked === undefined);
  }

  async #customer(manager: AgentRef<string, string>, order: string): Promise<void> {
    const { chance, system, environment } = this.world;
    const patience = new AbortController();
    if (chance(4, 'whether the customer changes its mind') === 1) {
      const afterMs = [0, 5, 15, 31, 40][chance(5, 'when')]!;
      environment.schedule(afterMs, () => patience.abort());
    }
    for (let attempt = 0; attempt < 20; attempt += 1) {
      const signal = attempt === 0 ? patience.signal : undefined;
      try {
        const timeoutMs = 5_000;
        this.#answered(order, await system.request(manager, order, { timeoutMs, ...(signal && { signal }) }));
        return;
      } catch {
        // Long enough to outlast the longest delays there are, one after the other.
        const pauseMs = Math.min(60_000, 1_000 * 2 ** attempt);
        await new Promise<void>((resolve) => void environment.schedule(pauseMs, resolve));
      }
    }
  }

  #manager(contractors: readonly ContractorRef<Task>[]) {
    const places = new Map(contractors.map(({ path }, place) => [path, place]));
    const net = contractNet(Job, {
      contractors,
      contractId: ({ order }) => order,
      score: ({ price }, path, { call }) => {
        call.heard.push({ path, place: places.get(path)!, score: price });
        return price;
      },
      bidWithinMs,
      workWithinMs,
      cancelWithinMs: 20,
      awardsMax,
      awards: {
        read: (contractId) => {
          this.#next.delete(contractId);
          return this.#store.read(contractId);
        },
        append: async (contractId, version, entry) => {
          if (this.#storeIsSlow) {
            await new Promise<void>((resolve) => void this.world.environment.schedule(1, resolve));
          }
          const before = this.#store.read(contractId).last;
          const written = this.#store.append(contractId, version, entry);
          if (written) {
            this.#recorded(contractId, entry, before);
          }
          return written;
        },
      },
    });
    return defineAgent({
      name: 'manager',
      subscribe: [Order],
      concurrency: 2,
      redeliver: { attemptsMax: 10 },
      receive: async (order, context) => {
        const call: Call = { order, heard: [] };
        this.#calls.push(call);
        const done = await context.request(net, { order, call });
        this.#answered(order, done.result);
        return done.result;
      },
    });
  }

  #contractor(
    place: number,
    tempers: { refuses: number; dawdles: number; fails: number; hangs: number; concurrency: number },
  ) {
    const path = `/c${place}`;
    const refuses = tempers.refuses > 0 && place % (tempers.refuses + 2) === 1;
    const dawdles = tempers.dawdles > 0 && place % (tempers.dawdles + 2) === 0;
    const price = dawdles ? 0 : 1 + ((place * 2) % 3);
    const bids = new Set<string>();
    this.standing.set(path, bids);
    const sleep = (ms: number): Promise<void> =>
      new Promise((resolve) => void this.world.environment.schedule(ms, resolve));
    return defineAgent({
      name: 'contractor',
      concurrency: tempers.concurrency,
      onStart: () => bids.clear(),
      on: contractor(Job, {
        bid: async ({ order }, context) => {
          if (refuses) {
            return refuse('busy');
          }
          if (dawdles) {
            this.#hasInHand(path, 1);
            await sleep(2 * bidWithinMs);
            this.#hasInHand(path, -1);
          }
          if (senderOf(context).revoked === undefined) {
            bids.add(order);
          }
          return { price, isLate: dawdles };
        },
        perform: async ({ order }, context) => {
          bids.delete(order);
          const { last } = this.#store.read(order);
          if (last?._tag !== 'Awarded' || last.to.contractor !== path) {
            this.wrongs.push(`${path} works on ${order}, and the award of it is not on record`);
          }
          const work: Work = { order, path, context, over: false };
          this.works.push(work);
          this.#hasInHand(path, 1);
          try {
            await sleep(tempers.hangs === 2 && place === 3 ? 10 * workWithinMs : 5);
            if (tempers.fails === 2 && place === 0) {
              throw boom;
            }
            if (senderOf(context).revoked === undefined) {
              this.completed.push(order);
            }
            return `${order} by ${path}`;
          } finally {
            work.over = true;
            this.#hasInHand(path, -1);
          }
        },
        lost: ({ order }, reason) => {
          if (!bids.delete(order)) {
            this.wrongs.push(`${path} hears twice of its bid for ${order}: ${reason}`);
          }
          if (reason === 'the bid has lapsed') {
            this.lapsed.push(path);
          }
        },
      }),
    });
  }

  #answered(order: string, result: string): void {
    const results = this.results.get(order) ?? new Set();
    this.results.set(order, results.add(result));
    const { last } = this.#store.read(order);
    if (last?._tag !== 'Fulfilled' || last.result !== result) {
      this.wrongs.push(`${order} is answered with '${result}', and that is not on record`);
    }
  }

  #hasInHand(path: string, more: number): void {
    this.#busy.set(path, (this.#busy.get(path) ?? 0) + more);
  }

  /** Whoever loses an award hears of it before the next one has it, unless that word is lost, or waits. */
  #withdrawn(order: string, path: string): void {
    const excused =
      this.#busy.get(path) ||
      this.world.faults.some(
        (fault) =>
          (fault._tag === 'Dropped' || fault._tag === 'Delayed' || fault._tag === 'Duplicated') &&
          (fault.message.receiver === path || fault.message.sender === path) &&
          // What is held back holds back what comes behind it.
          !(fault._tag === 'Dropped' && fault.message.topic === Job.accept.name),
      );
    if (this.standing.get(path)?.has(order) && !excused) {
      this.wrongs.push(`${path} has lost the award of ${order}, and still holds its bid`);
    }
  }

  /** An award goes to the best that some call has heard of and has not awarded yet, or to the next in reserve. */
  #recorded(order: string, entry: AwardEntry, before: AwardEntry | undefined): void {
    if (entry._tag === 'Withdrawn' && before?._tag === 'Awarded') {
      this.#next.set(order, before.reserve[0]?.contractor);
      this.#withdrawn(order, before.to.contractor);
    }
    if (entry._tag !== 'Awarded') {
      return;
    }
    const { contractor: path, bid } = entry.to;
    const next = this.#next.get(order);
    if (next !== undefined && next !== path) {
      this.wrongs.push(`${path} is awarded ${order}, and ${next} was in reserve`);
    }
    if (before?._tag === 'Awarded' || before?._tag === 'Fulfilled') {
      this.wrongs.push(`${path} is awarded ${order}, which was ${before._tag} before`);
    }
    if ((bid as Bid).isLate) {
      this.wrongs.push(`${path} is awarded ${order} although its bid was late`);
    }
    const call = this.#calls.find((one) => one.order === order && bestOf(one.heard)?.path === path);
    call?.heard.splice(call.heard.indexOf(bestOf(call.heard)!), 1);
    if (call === undefined && this.#reserve.get(order) !== path) {
      this.wrongs.push(`${path} is awarded ${order}, and others come before it`);
    }
    this.#reserve.set(order, entry.reserve[0]?.contractor);
  }
}

const bestOf = (heard: Call['heard']): Call['heard'][number] | undefined =>
  heard.toSorted((a, b) => a.score - b.score || a.place - b.place)[0];

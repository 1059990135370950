/**
 * The weather office: a second kind of tool. Its table is of averages, so it needs
 * no network and says the same every day.
 */
import { capability, defineAgent, Failure } from 'troupe';
import * as v from 'valibot';

export const months = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
] as const;

/** Average highs and lows of each month in °C, rounded; from general knowledge, good enough to pack a bag. */
const climates: Readonly<
  Record<string, { readonly high: readonly number[]; readonly low: readonly number[] }>
> = {
  Berlin: {
    high: [3, 5, 9, 15, 19, 23, 25, 25, 20, 14, 8, 4],
    low: [-2, -2, 1, 4, 9, 12, 14, 14, 10, 6, 2, -1],
  },
  Cairo: {
    high: [19, 20, 24, 28, 32, 34, 35, 34, 33, 29, 25, 20],
    low: [9, 10, 12, 15, 18, 21, 23, 23, 21, 18, 14, 11],
  },
  Lisbon: {
    high: [15, 16, 19, 20, 22, 26, 28, 28, 26, 23, 18, 15],
    low: [8, 9, 11, 12, 14, 17, 18, 19, 18, 15, 12, 9],
  },
  London: {
    high: [8, 9, 12, 15, 18, 21, 24, 23, 20, 16, 11, 9],
    low: [2, 2, 4, 5, 8, 11, 14, 13, 11, 8, 5, 3],
  },
  'New York': {
    high: [4, 6, 10, 17, 22, 27, 29, 29, 25, 18, 12, 7],
    low: [-2, -1, 2, 8, 13, 18, 22, 21, 17, 11, 6, 1],
  },
  Sydney: {
    high: [26, 26, 25, 23, 20, 18, 17, 19, 21, 23, 24, 25],
    low: [20, 20, 18, 15, 12, 10, 9, 10, 12, 15, 16, 18],
  },
  Tokyo: {
    high: [10, 10, 14, 19, 23, 26, 30, 31, 27, 22, 17, 12],
    low: [1, 2, 5, 10, 15, 19, 23, 24, 21, 15, 9, 4],
  },
};

/** The cities it knows, in order. */
export const cities = Object.keys(climates);

/** The table has no such city. */
class UnknownCity extends Failure {
  readonly _tag = 'UnknownCity';
  readonly code = 'INVALID_PARAMS';
  readonly class = 'invalid';
  readonly city: string;

  constructor(facts: { city: string }) {
    super();
    this.city = facts.city;
  }

  override get message(): string {
    return `no weather is known for '${this.city}', only for ${cities.join(', ')}`;
  }
}

export const weather = defineAgent({
  name: 'weather',
  on: [],
  capabilities: [
    capability('weather.get', {
      description: 'Tells the average weather of a city, of one month or of the whole year.',
      input: v.object({ city: v.string(), month: v.optional(v.picklist(months)) }),
      output: v.object({ summary: v.string() }),
      run: ({ city, month }) => {
        const climate = climates[city];
        if (climate === undefined) {
          throw new UnknownCity({ city });
        }
        const of = (name: (typeof months)[number]) => {
          const at = months.indexOf(name);
          return `${climate.high[at]} °C by day and ${climate.low[at]} °C by night in ${name}`;
        };
        const told = month === undefined ? `${of('January')}, and ${of('July')}` : of(month);
        return { summary: `In ${city} it is on average ${told}.` };
      },
    }),
  ],
});

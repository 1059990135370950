/** How figures are written in tables. */

/** 1 234 567 */
export const grouped = (value: number): string =>
  Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ' ');

/** With two decimals below a hundred. */
export const shown = (value: number): string => (Math.abs(value) < 100 ? value.toFixed(2) : grouped(value));

/** Nanoseconds, with one decimal below a hundred. */
export const nanoseconds = (value: number): string =>
  Math.abs(value) < 100 ? value.toFixed(1) : grouped(value);

export const bytes = (value: number): string => `${grouped(value)} B`;

export const percent = (part: number): string => `${(part * 100).toFixed(0)} %`;

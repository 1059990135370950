/** How many schedules each law explores: 1 000, or as many as `npm run explore` asks for. */
export const lawRuns = Number(process.env['TROUPE_RUNS'] ?? 1_000);

/** How long a law may take, in milliseconds: far more than it does, even where the machine is busy. */
export const lawTimeoutMs = Math.max(60_000, lawRuns * 100);

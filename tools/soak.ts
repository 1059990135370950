/**
 * Crashes 100 000 agents in trees up to 1 000 deep and says what was not as it should be.
 *
 *     npm run soak             about a quarter of an hour
 *     npm run soak -- 0.1      a tenth of it
 */
import { crashDeepTree } from '../spec/support/deep-trees.ts';

const part = Number(process.argv[2] ?? 1);
if (!(part > 0)) throw new RangeError(`the part of the crashes is a number above 0; got ${process.argv[2]}`);

const trees = [
  { depth: 1_000, leaves: 1, crashes: 4_000, restartsMax: 1, windowMs: 20 },
  { depth: 300, leaves: 2, crashes: 16_000, restartsMax: 2, windowMs: 30 },
  { depth: 100, leaves: 2, crashes: 30_000, restartsMax: 2, windowMs: 30 },
  { depth: 10, leaves: 3, crashes: 50_000, restartsMax: 3, windowMs: 40 },
].map((tree) => ({ ...tree, crashes: Math.ceil(tree.crashes * part) }));

for (const tree of trees) {
  const beganMs = performance.now();
  const { escalations, wrong, left } = crashDeepTree({ ...tree, seed: 1 });
  const seconds = ((performance.now() - beganMs) / 1_000).toFixed(1);
  console.log(
    `${tree.crashes} crashes ${tree.depth} deep: ${escalations} went further up, ${wrong.length} wrong, left: ${JSON.stringify(left)} (${seconds} s)`,
  );
  if (wrong.length > 0 || Object.values(left).some((count) => count !== 0)) {
    console.error(wrong.slice(0, 10).join('\n'));
    process.exitCode = 1;
  }
}

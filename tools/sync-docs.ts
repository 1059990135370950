/** Writes the regions of examples/ and spec/docs/ into the code blocks of the documentation. */
import { readFileSync, writeFileSync } from 'node:fs';
import { pages, synced } from './docs-blocks.ts';

for (const page of pages()) {
  const before = readFileSync(page, 'utf8');
  const after = synced(before);
  if (after !== before) {
    writeFileSync(page, after);
    console.log(`${page} rewritten`);
  }
}

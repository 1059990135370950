#!/usr/bin/env node
/**
 * The `troupe` command. This room only sees to it that the Node it runs on can
 * run the rest, so it imports nothing that an old one could not load.
 */
import * as nodeModule from 'node:module';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

if (major < 22 || (major === 22 && minor < 19)) {
  process.stderr.write(`troupe: expected Node 22.19 or later; this is ${process.version}\n`);
  process.exitCode = 1;
} else {
  // Halves the time to the first answer from the second start on.
  nodeModule.enableCompileCache();
  const { troupe } = await import('./troupe.ts');
  await troupe(process.argv.slice(2));
}

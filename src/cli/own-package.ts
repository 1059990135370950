/**
 * The package this command belongs to.
 */
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';

export function versionOfPackage(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}

/**
 * From now on `import 'troupe'` means this package, whoever imports it.
 *
 * A program and the command that runs it have to share one copy: the agents of
 * one are strangers to the systems of another. So a program also needs no
 * installation beside it, and one in this repository runs from the sources.
 */
export function shareOwnPackage(): void {
  const fromSources = import.meta.url.endsWith('.ts') ? ['troupe-source'] : [];
  registerHooks({
    resolve: (specifier, context, next) =>
      /^troupe(\/|$)/.test(specifier)
        ? next(specifier, {
            ...context,
            parentURL: import.meta.url,
            conditions: [...(context.conditions ?? []), ...fromSources],
          })
        : next(specifier, context),
  });
}

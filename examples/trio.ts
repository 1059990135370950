/**
 * Planner, researchers, writer: three kinds of agents answer a question from a folder of documents.
 *
 *     npm start
 *     npm start -- --docs FOLDER --ask "Who restarts an agent that throws?"
 *
 *     files -> reader -> indexer               reading waits when the indexer's mailbox is full
 *     question -> planner -> researchers       a supervised pool; each calls docs.search and weather.get
 *                    planner -> writer -> you   the answer is pulled, word by word, by your terminal
 *
 * No key and no network: the planner and the writer work by rules, on a real index of real files. What agents
 * would do with a language model is the same but for what stands inside these two.
 */
import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import { BadOption, type Findings, program } from 'troupe/cli';
import { indexer, ReadLibrary, reader, type Shelf } from './trio/library.ts';
import { Ask, planner, questionCharsMax } from './trio/planner.ts';
import { researchers } from './trio/researchers.ts';
import { weather } from './trio/weather.ts';
import { writer } from './trio/writer.ts';

export default program({
  description:
    'Answers a question from a folder of documents: a planner, a pool of researchers and a writer.',
  options: {
    docs: {
      type: 'string',
      multiple: true,
      value: 'PATH',
      description: "a folder or a file of Markdown or text; this project's own documents when not given",
    },
    ask: {
      type: 'string',
      value: 'QUESTION',
      default: 'What happens when a mailbox is full, and what is the weather like in Lisbon in November?',
      description: 'what to answer',
    },
  },
  async *run({ system, options, progress, signal }) {
    const question = checkedQuestion(options.ask);
    system.spawn(reader);
    system.spawn(indexer());
    system.spawn(planner);
    system.spawn(researchers({ size: 3 }));
    system.spawn(weather);
    system.spawn(writer);

    let shelf: Shelf | undefined;
    const paths = options.docs.length > 0 ? options.docs : ownDocuments();
    // Reading takes as long as there is something to read; Ctrl-C ends it.
    const reading = system.stream(
      ReadLibrary,
      { paths: [...paths] },
      { signal, timeoutMs: Number.POSITIVE_INFINITY },
    );
    for await (shelf of reading) {
      progress({ 'files read': shelf.read });
    }

    let findings: Findings = {};
    for await (const words of system.stream(Ask, question, { signal })) {
      if (words._tag === 'Text') {
        yield words.text;
      } else {
        findings = {
          sources: words.sources,
          notes: [...words.notes, ...notesOn(shelf)],
          figures: { ...shelf },
        };
      }
    }
    return findings;
  },
});

function checkedQuestion(ask: string): string {
  const question = ask.trim();
  if (question === '' || question.length > questionCharsMax) {
    throw new BadOption({
      option: 'ask',
      value: question,
      expected: `a question of 1 to ${questionCharsMax} characters`,
    });
  }
  return question;
}

/** The documents of the project this example belongs to, as seen from here. */
function ownDocuments(): string[] {
  const project = join(import.meta.dirname, '..');
  return ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'docs']
    .map((name) => relative(process.cwd(), join(project, name)))
    .filter((path) => existsSync(path));
}

function notesOn(shelf: Shelf | undefined): string[] {
  if (shelf === undefined || shelf.skipped === 0) {
    return [];
  }
  const rest = shelf.skipped - shelf.named.length;
  return [
    `Files: ${shelf.read} read, ${shelf.skipped} skipped:`,
    ...shelf.named.map((name) => `- ${name}`),
    ...(rest === 0 ? [] : [`- and ${rest} more`]),
  ];
}

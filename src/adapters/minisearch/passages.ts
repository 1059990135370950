/**
 * Passages: a document cut into pieces that can be found and cited, each with its
 * line and the headings it stands under.
 *
 * In Markdown a passage is a paragraph, an item of a list, a row of a table or a
 * block of code; in other text it is what stands between empty lines. Markup is
 * taken off, so that a passage can be quoted. Comments and front matter are no text.
 *
 * Guarantees
 *   - Bound: no passage has more than `passageCharsMax` characters.
 *   - Order: passages come in the order of their lines.
 *
 * Source: the CommonMark specification 0.31 and GitHub's tables, as far as they
 * say where a block begins and ends; nesting is not kept, because a citation
 * needs a line and not a tree.
 */
import type { Document } from '../node/read-documents.ts';

export type PassageKind = 'prose' | 'item' | 'row' | 'code';

export interface Passage {
  readonly path: string;
  /** Its first line, counted from 1. */
  readonly line: number;
  /** The headings it stands under, outermost first. */
  readonly headings: readonly string[];
  readonly kind: PassageKind;
  /** Without markup and line breaks, except in code. */
  readonly text: string;
}

/** A long paragraph has about half of this. A line that is longer is cut, at the end of a sentence where there is one. */
export const passageCharsMax = 1_200;

/**
 * Cuts a document into passages.
 *
 * @example
 * const text = '# Mail\n\nIt waits in a **mailbox**.\n\n- first\n- second\n'
 * passagesOf({ path: 'a.md', text }).map(({ line, text }) => `${line} ${text}`) // => ['3 It waits in a mailbox.', '5 first', '6 second']
 */
export function passagesOf(document: Pick<Document, 'path' | 'text'>): Passage[] {
  const cutter = new Cutter(document.path);
  const lines = document.text.split(/\r\n|\r|\n/);
  if (/\.(md|markdown)$/i.test(document.path)) {
    cutMarkdown(lines, cutter);
  } else {
    cutText(lines, cutter);
  }
  cutter.end();
  return cutter.passages;
}

/** Collects lines until a passage is whole. */
class Cutter {
  readonly passages: Passage[] = [];
  readonly #path: string;
  readonly #headings: { readonly level: number; readonly title: string }[] = [];
  #kind: PassageKind = 'prose';
  #line = 0;
  #lines: string[] = [];
  #chars = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /** The kind of the passage that is open, if one is. */
  get open(): PassageKind | undefined {
    return this.#lines.length === 0 ? undefined : this.#kind;
  }

  /** Adds a line to the open passage if it is of that kind; otherwise it begins one. */
  add(kind: PassageKind, line: number, text: string): void {
    for (const piece of text.length > passageCharsMax ? piecesOf(text) : [text]) {
      if (this.open !== kind || this.#chars + piece.length + 1 > passageCharsMax) {
        this.end();
        this.#kind = kind;
        this.#line = line;
      }
      this.#lines.push(piece);
      this.#chars += piece.length + 1;
    }
  }

  /** Adds a passage of its own. */
  begin(kind: PassageKind, line: number, text: string): void {
    this.end();
    this.add(kind, line, text);
  }

  end(): void {
    const isCode = this.#kind === 'code';
    const text = isCode ? this.#lines.join('\n').trimEnd() : withoutMarkup(this.#lines.join(' '));
    if (text !== '') {
      const headings = this.#headings.map(({ title }) => title);
      this.passages.push({ path: this.#path, line: this.#line, headings, kind: this.#kind, text });
    }
    this.#lines = [];
    this.#chars = 0;
  }

  /** Forgets the row that is open: it was the heading of a table, which says nothing of itself. */
  dropRow(): void {
    if (this.open === 'row') this.#lines = [];
    this.end();
  }

  heading(level: number, title: string): void {
    this.end();
    while ((this.#headings.at(-1)?.level ?? 0) >= level) {
      this.#headings.pop();
    }
    this.#headings.push({ level, title: withoutMarkup(title) });
  }

  /** Turns the lines of the open paragraph into a heading. */
  underline(level: number): void {
    const title = this.#lines.join(' ');
    this.#lines = [];
    this.heading(level, title);
  }
}

function cutText(lines: readonly string[], cutter: Cutter): void {
  for (const [at, line] of lines.entries()) {
    if (line.trim() === '') {
      cutter.end();
    } else {
      cutter.add('prose', at + 1, line.trim());
    }
  }
}

/** Nobody's front matter is longer; without an end, the line of dashes is only a line. */
const frontMatterLinesMax = 100;
const frontMatterEnd = /^(---|\.\.\.)[ \t]*$/;

const hasFrontMatter = (lines: readonly string[]): boolean =>
  /^---[ \t]*$/.test(lines[0] ?? '') &&
  lines.slice(1, frontMatterLinesMax).some((line) => frontMatterEnd.test(line));

function cutMarkdown(lines: readonly string[], cutter: Cutter): void {
  let skipTo = hasFrontMatter(lines) ? frontMatterEnd : undefined;
  let fence: string | undefined;

  for (const [at, whole] of lines.entries()) {
    const line = at + 1;
    // Longer lines are data: nobody writes headings, items or rows like that.
    const text = whole.length > passageCharsMax * 2 ? '' : whole.trim();
    const depth = whole.length - whole.trimStart().length;

    if (skipTo !== undefined) {
      if (at > 0 && skipTo.test(whole)) skipTo = undefined;
    } else if (fence !== undefined) {
      if (text.startsWith(fence) && text.replaceAll(fence[0]!, '') === '') {
        fence = undefined;
        cutter.end();
      } else {
        cutter.add('code', line, whole);
      }
    } else if (whole.trim() === '') {
      if (cutter.open !== 'code') cutter.end();
    } else if (text === '') {
      cutter.add('prose', line, whole.trim());
    } else if (/^(`{3,}|~{3,})/.test(text)) {
      cutter.end();
      fence = /^(`+|~+)/.exec(text)![0];
    } else if (text.startsWith('<!--')) {
      cutter.end();
      if (!text.includes('-->')) skipTo = /-->/;
    } else {
      markdownLine(cutter, line, text, depth);
    }
  }
}

function markdownLine(cutter: Cutter, line: number, text: string, depth: number): void {
  const { open } = cutter;
  const heading = depth < 4 ? /^(#{1,6})(?:\s+(.*))?$/.exec(text) : null;
  const item = /^(?:[-*+]|\d{1,9}[.)])\s+(.*)$/.exec(text);

  if (heading !== null) {
    cutter.heading(heading[1]!.length, (heading[2] ?? '').replace(/\s#+$/, ''));
  } else if (open === 'prose' && /^(=+|-+)$/.test(text)) {
    cutter.underline(text.startsWith('=') ? 1 : 2);
  } else if (/^([-*_])(?:\s*\1){2,}$/.test(text)) {
    cutter.end();
  } else if (text.startsWith('|')) {
    if (/^[\s:|-]+$/.test(text)) cutter.dropRow();
    else cutter.begin('row', line, rowText(text));
  } else if (item !== null) {
    cutter.begin('item', line, item[1]!);
  } else if (depth >= 4 && (open === undefined || open === 'code')) {
    cutter.add('code', line, text);
  } else {
    cutter.add(open === 'item' ? 'item' : 'prose', line, text.replace(/^>\s?/, ''));
  }
}

/** `| mailbox | a bounded queue | Agha |` as `mailbox: a bounded queue; Agha`. */
function rowText(row: string): string {
  const [first = '', ...others] = row
    .replace(/^\||\|$/g, '')
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim())
    .filter((cell) => cell !== '');
  return others.length === 0 ? first : `${first}: ${others.join('; ')}`;
}

/** What a reader sees: the text of a link, a word without its stars. Code keeps its backticks. */
function withoutMarkup(text: string): string {
  return text
    .replace(/!?\[([^[\]]*)\]\([^()\s]*\)/g, '$1')
    .replace(/!?\[([^[\]]*)\]\[[^[\]]*\]/g, '$1')
    .replace(/(\*\*|__)(?=\S)([^*_]*[^*_\s])\1/g, '$2')
    .replace(/(?<![\w*])\*(?=\S)([^*]*[^*\s])\*(?![\w*])/g, '$1')
    .replace(/<\/?[a-z][^<>]*>/gi, '')
    .replace(/\\([!-/:-@[-`{-~])/g, '$1')
    .replace(/\s+/g, ' ')
    .trim();
}

/** A long line in pieces, cut after a sentence, else at a space, else anywhere. */
function* piecesOf(text: string): Generator<string> {
  let from = 0;
  while (text.length - from > passageCharsMax) {
    const piece = text.slice(from, from + passageCharsMax);
    const sentence = Math.max(piece.lastIndexOf('. '), piece.lastIndexOf('? '), piece.lastIndexOf('! ')) + 1;
    const end =
      sentence > 0 ? sentence : piece.lastIndexOf(' ') > 0 ? piece.lastIndexOf(' ') : wholeCharacters(piece);
    yield piece.slice(0, end).trim();
    from += end;
  }
  yield text.slice(from).trim();
}

/** Not between the halves of a character that takes two. */
const wholeCharacters = (piece: string): number =>
  /[\uD800-\uDBFF]$/.test(piece) ? piece.length - 1 : piece.length;

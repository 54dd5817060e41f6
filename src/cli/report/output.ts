import type { SlipwayError } from '../../contract/failure.ts';
import { harmless, painterFor, type Paint } from './paint.ts';

/** One of this process's two outputs. */
export interface Stream {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string | Uint8Array): unknown;
}

/** What the command line has of the process that it runs in. */
export interface Terminal {
  readonly stdout: Stream;
  readonly stderr: Stream;
  readonly env: NodeJS.ProcessEnv;
}

/** Where a command's answer goes, and what people are told meanwhile. */
export interface Output {
  /** One JSON document on stdout, and nothing else there. */
  readonly json: boolean;
  /** Whether people look at stderr on a terminal, so that progress can be drawn in place. */
  readonly live: boolean;
  /** The answer, on stdout: the document with `--json`, the lines without. Once a command. */
  readonly answer: (document: unknown, lines: (paint: Paint) => readonly string[]) => void;
  /** The answer in pieces, as they are; never with `--json`. */
  readonly pour: (text: string | Uint8Array) => void;
  /** What goes on meanwhile, on stderr. */
  readonly tell: (line: string) => void;
}

export function createOutput({ stdout, stderr, env }: Terminal, json: boolean): Output {
  const paint = painterFor(stdout, env);
  return {
    json,
    live: stderr.isTTY === true && stderr.columns !== 0 && env['TERM'] !== 'dumb',
    answer(document, lines) {
      stdout.write(
        json
          ? `${JSON.stringify(document, null, 2)}\n`
          : lines(paint)
              .map((line) => `${line}\n`)
              .join(''),
      );
    },
    pour(text) {
      stdout.write(text);
    },
    tell(line) {
      stderr.write(`${line}\n`);
    },
  };
}

/** Says what went wrong: with `--json` as the document, else as one red line on stderr, `CODE (§5) message`. */
export function showError({ stdout, stderr, env }: Terminal, json: boolean, error: SlipwayError): void {
  const { code, clause, message } = error;
  if (json) stdout.write(`${JSON.stringify({ error: { code, clause, message } }, null, 2)}\n`);
  else stderr.write(`${painterFor(stderr, env)('red', failureLine({ code, clause, message }))}\n`);
}

/** `CODE (§5) message`, for people. */
export function failureLine(failure: {
  readonly code: string;
  readonly clause: string | null;
  readonly message: string;
}): string {
  const { code, clause, message } = failure;
  return `${code}${clause === null ? '' : ` (${clause})`} ${harmless(message)}`;
}

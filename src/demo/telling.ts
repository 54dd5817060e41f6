import { harmless, painterFor, type Paint } from '../cli/report/paint.ts';

/** Where a story is told to people: lines that stay, and, on a terminal, one below them that moves. */
export interface Telling {
  readonly paint: Paint;
  /** A line that stays. */
  line(text?: string): void;
  /** Longer text, each line of it indented; broken at blanks where a terminal ends, and left whole for a pipe. */
  paragraph(indent: string, text: string): void;
  /**
   * What goes on right now, asked again several times a second; null when nothing does. Shown on a terminal only: who
   * reads through a pipe gets the lines that stay.
   */
  meanwhile(text: (() => string) | null): void;
  /** Tells nothing more, whoever goes on telling. */
  end(): void;
}

/** What a telling is written to: `process.stdout`, or `process.stderr`. */
export interface TellingStream {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
/** Milliseconds a frame. */
const FRAME = 80;
const CLEAR_LINE = '\r\u001B[2K';

export function createTelling(stream: TellingStream, env: NodeJS.ProcessEnv): Telling {
  const moves = stream.isTTY === true && env['TERM'] !== 'dumb';
  const paint = painterFor(stream, env);
  let shown = false;
  let ended = false;
  let frame = 0;
  let timer: NodeJS.Timeout | undefined;

  function clear(): void {
    if (shown) stream.write(CLEAR_LINE);
    shown = false;
  }

  function show(text: string): void {
    clear();
    frame = (frame + 1) % FRAMES.length;
    // A line that the terminal breaks in two could not be taken back.
    const fitting = text.slice(0, (stream.columns ?? 80) - 3);
    stream.write(`${paint('cyan', FRAMES[frame] ?? '')} ${fitting}`);
    shown = true;
  }

  function line(text = ''): void {
    if (ended) return;
    clear();
    stream.write(`${text}\n`);
  }

  return {
    paint,
    line,
    paragraph(indent, text) {
      const width = moves ? (stream.columns ?? 80) - indent.length : Number.POSITIVE_INFINITY;
      for (const part of brokenAt(width, harmless(text))) line(`${indent}${paint('dim', part)}`);
    },
    meanwhile(text) {
      clearInterval(timer);
      clear();
      if (text === null || !moves || ended) return;
      timer = setInterval(() => show(text()), FRAME);
      show(text());
    },
    end() {
      clearInterval(timer);
      clear();
      ended = true;
    },
  };
}

/** Lines of at most `width` characters, but for words that are longer. */
function brokenAt(width: number, text: string): readonly string[] {
  const lines: string[] = [];
  for (const whole of text.split('\n').filter((each) => each !== '')) {
    let line = '';
    for (const word of whole.split(' ')) {
      if (line !== '' && line.length + word.length >= width) {
        lines.push(line);
        line = word;
      } else {
        line = line === '' ? word : `${line} ${word}`;
      }
    }
    lines.push(line);
  }
  return lines;
}

import { isSign, isWord, type Statement, statementsOf } from './statements.ts';
import type { Token } from './tokens.ts';

/** A statement that does not go with the one transaction a file runs in. */
export interface Misfit {
  /** For people: `CREATE INDEX CONCURRENTLY`. */
  readonly what: string;
  readonly because: 'ends or divides the transaction' | 'cannot run in a transaction' | 'reads or writes a client';
  /** In the text, in UTF-16 units from 0. */
  readonly index: number;
}

/**
 * The statements that PostgreSQL refuses in a file, since a file runs as one transaction of the engine's own. Those
 * that are hidden in text (`DO`, a procedure that is called), or refused only of some tables, show when they run.
 *
 * @example misfitsOf('VACUUM items;') // [{ what: 'VACUUM', because: 'cannot run in a transaction', index: 0 }]
 */
export function misfitsOf(sql: string): Misfit[] {
  return statementsOf(sql).flatMap((statement) => {
    const found = misfit(statement);
    return found ? [{ ...found, index: statement[0].index }] : [];
  });
}

function misfit(statement: Statement): Omit<Misfit, 'index'> | null {
  const words = outside(statement);
  const starts = (...first: string[]) => first.every((text, index) => isWord(words[index], text));
  const what = (count: number) =>
    words
      .slice(0, count)
      .map(({ text }) => text)
      .join(' ');

  if (BOUNDARIES.some((first) => starts(first))) return { what: what(1), because: 'ends or divides the transaction' };
  if (starts('START', 'TRANSACTION') || starts('PREPARE', 'TRANSACTION'))
    return { what: what(2), because: 'ends or divides the transaction' };
  if (starts('VACUUM')) return { what: what(1), because: 'cannot run in a transaction' };
  if (OUTSIDE.some(([first, second]) => starts(first, second)))
    return { what: what(2), because: 'cannot run in a transaction' };
  const concurrent = concurrently(statement, words, starts);
  if (concurrent) return { what: concurrent, because: 'cannot run in a transaction' };
  const channel = starts('COPY') ? channelOf(words) : null;
  return channel ? { what: `COPY … ${channel}`, because: 'reads or writes a client' } : null;
}

const BOUNDARIES = ['BEGIN', 'COMMIT', 'END', 'ROLLBACK', 'ABORT', 'SAVEPOINT', 'RELEASE'];

/** `PreventInTransactionBlock` in PostgreSQL's utility.c. */
const OUTSIDE = [
  ['CREATE', 'DATABASE'],
  ['DROP', 'DATABASE'],
  ['CREATE', 'TABLESPACE'],
  ['DROP', 'TABLESPACE'],
  ['ALTER', 'SYSTEM'],
  ['DISCARD', 'ALL'],
  ['REINDEX', 'DATABASE'],
  ['REINDEX', 'SYSTEM'],
  ['REINDEX', 'SCHEMA'],
] as const;

/** Of what is done CONCURRENTLY, only `REFRESH MATERIALIZED VIEW` may stand in a transaction. */
function concurrently(
  statement: Statement,
  words: readonly Token[],
  starts: (...first: string[]) => boolean,
): string | null {
  const isSaid = (at: number) => isWord(words[at], 'CONCURRENTLY');
  if (starts('CREATE', 'INDEX') && isSaid(2)) return 'CREATE INDEX CONCURRENTLY';
  if (starts('CREATE', 'UNIQUE', 'INDEX') && isSaid(3)) return 'CREATE UNIQUE INDEX CONCURRENTLY';
  if (starts('DROP', 'INDEX') && isSaid(2)) return 'DROP INDEX CONCURRENTLY';
  if (starts('REINDEX') && (isSaid(2) || isOption(statement, 'CONCURRENTLY'))) return 'REINDEX … CONCURRENTLY';
  const detach = words.findIndex((word) => isWord(word, 'DETACH'));
  const isDetached =
    starts('ALTER', 'TABLE') && detach !== -1 && words.slice(detach).some((word) => isWord(word, 'CONCURRENTLY'));
  return isDetached ? 'ALTER TABLE … DETACH PARTITION … CONCURRENTLY' : null;
}

/** `REINDEX (VERBOSE, CONCURRENTLY) …`: an option without a value is on. */
function isOption(statement: Statement, name: string): boolean {
  if (!isSign(statement[1], '(')) return false;
  const end = statement.findIndex((token) => isSign(token, ')'));
  const at = statement.findIndex((token, index) => isWord(token, name) && index < end);
  return at !== -1 && !/^(?:OFF|FALSE|0)$/.test(statement[at + 1]?.text ?? '');
}

function channelOf(words: readonly Token[]): string | null {
  const at = words.findIndex((word, index) => /^(?:FROM|TO)$/.test(word.text) && isChannel(words[index + 1]));
  return at === -1 ? null : `${words[at]?.text} ${words[at + 1]?.text}`;
}

const isChannel = (token: Token | undefined) => isWord(token, 'STDIN') || isWord(token, 'STDOUT');

/** What stands in no parentheses; quoted names among it keep their place, and are no words. */
function outside(statement: Statement): Token[] {
  let depth = 0;
  return statement.filter((token) => {
    if (isSign(token, '(')) depth += 1;
    else if (isSign(token, ')')) depth -= 1;
    else return depth === 0;
    return false;
  });
}

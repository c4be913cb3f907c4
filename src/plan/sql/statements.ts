import { type Token, tokensOf } from './tokens.ts';

/** One statement: its words and signs, without the semicolon; never empty. */
export type Statement = readonly [Token, ...Token[]];

/**
 * The statements of a text, as PostgreSQL reads them: a semicolon ends one, but not within parentheses (the actions of
 * a rule), nor within `BEGIN ATOMIC … END`, the body of an SQL function, whose statements are part of it.
 */
export function statementsOf(sql: string): Statement[] {
  const statements: Statement[] = [];
  let current: Token[] = [];
  let parentheses = 0;
  let isBody = false;
  const end = () => {
    const [first, ...others] = current;
    if (first) statements.push([first, ...others]);
    current = [];
  };
  for (const token of tokensOf(sql)) {
    const before = current.at(-1);
    if (isSign(token, '(')) parentheses += 1;
    else if (isSign(token, ')')) parentheses = Math.max(0, parentheses - 1);
    else if (isWord(token, 'ATOMIC') && isWord(before, 'BEGIN') && isWord(current[0], 'CREATE')) isBody = true;
    // A statement of a body never begins with END (gram.y, `routine_body_stmt_list`), so this one ends the body.
    else if (isBody && isWord(token, 'END') && (isSign(before, ';') || isWord(before, 'ATOMIC'))) isBody = false;
    else if (isSign(token, ';') && parentheses === 0 && !isBody) {
      end();
      continue;
    }
    current.push(token);
  }
  end();
  return statements;
}

export function isWord(token: Token | undefined, text: string): boolean {
  return token?.kind === 'word' && token.text === text;
}

export function isSign(token: Token | undefined, text: string): boolean {
  return token?.kind === 'sign' && token.text === text;
}

/** One way in that a server offers. */
export interface Challenge {
  /** In lower case: `bearer`, `basic`. */
  readonly scheme: string;
  /** By name, in lower case; none where the scheme comes with a `token68` instead. */
  readonly parameters: ReadonlyMap<string, string>;
}

const LONGEST = 4096;
const MOST_CHALLENGES = 8;
const MOST_PARAMETERS = 16;

/** The grammar of RFC 9110, 11.2 and 5.6; an element of the list ends at a comma or at the end. */
const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const QUOTED = '"(?:[\\t !\\x23-\\x5b\\x5d-\\x7e\\x80-\\xff]|\\\\[\\t -\\x7e\\x80-\\xff])*"';
const END = '(?=[ \\t]*(?:,|$))';
const SEPARATOR = /[ \t]*,[ \t,]*|[ \t]+$/y;
const PARAMETER = new RegExp(`(${TOKEN})[ \\t]*=[ \\t]*(?:(${TOKEN})|(${QUOTED}))${END}`, 'y');
const SCHEME = new RegExp(`(${TOKEN})(?: +(?=[^ ,])|${END})`, 'y');
const TOKEN68 = new RegExp(`[A-Za-z0-9._~+/-]+=*${END}`, 'y');

/**
 * Reads `WWW-Authenticate`, also of several headers joined with commas. `null` for what is not in the grammar, is longer
 * than 4 KiB, has more than 8 challenges or 16 parameters in one, or names a parameter twice.
 *
 * @example parseChallenges('Bearer realm="https://auth.example/token",service="registry"')
 * // [{ scheme: 'bearer', parameters: Map { 'realm' => 'https://auth.example/token', 'service' => 'registry' } }]
 */
export function parseChallenges(header: string): readonly Challenge[] | null {
  if (header.length > LONGEST) return null;
  const challenges: { scheme: string; parameters: Map<string, string> }[] = [];
  let at = 0;
  const read = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(header);
    if (found) at = pattern.lastIndex;
    return found;
  };
  /** Whether there was one, and it could be added. */
  const readParameter = (): boolean => {
    const parameters = challenges.at(-1)?.parameters;
    const [, name = '', token, quoted] = read(PARAMETER) ?? [];
    const key = name.toLowerCase();
    if (!key || !parameters || parameters.has(key) || parameters.size === MOST_PARAMETERS) return false;
    parameters.set(key, token ?? unquoted(quoted ?? ''));
    return true;
  };
  read(/[ \t,]*/y);
  while (at < header.length) {
    if (isParameter(header, at)) {
      // A challenge with a `token68`, or with nothing, takes no parameters after its comma.
      if (!challenges.at(-1)?.parameters.size || !readParameter()) return null;
    } else {
      const scheme = read(SCHEME)?.[1];
      if (!scheme || challenges.length === MOST_CHALLENGES) return null;
      challenges.push({ scheme: scheme.toLowerCase(), parameters: new Map() });
      const isBare = at === header.length || /[ \t,]/.test(header.charAt(at));
      if (!isBare && !(isParameter(header, at) ? readParameter() : read(TOKEN68))) return null;
    }
    if (at < header.length && !read(SEPARATOR)) return null;
  }
  return challenges;
}

function isParameter(header: string, at: number): boolean {
  PARAMETER.lastIndex = at;
  return PARAMETER.test(header);
}

function unquoted(text: string): string {
  return text.slice(1, -1).replaceAll(/\\(.)/g, '$1');
}

/**
 * Patterns of a policy, few and plain: `*` stands for any characters within one piece, so that no pattern reaches
 * further than its reader sees. A piece is a word without `/` (commands, repositories), a label without `.` or `:`
 * (hosts), or the whole name (services, environments, variables).
 */

/** `credlink-*` matches `credlink-api`. */
export function matchesName(name: string, pattern: string): boolean {
  return glob(pattern, '[^]*').test(name);
}

/**
 * Word by word; `*` stands for any characters but `/`; a last word `**` for any further words.
 *
 * @example matchesCommand(['pnpm', 'test', '--coverage'], ['pnpm', 'test', '**']) // true
 * @example matchesCommand(['pnpm', 'test', '--coverage'], ['pnpm', 'test']) // false
 */
export function matchesCommand(command: readonly string[], rule: readonly string[]): boolean {
  const open = rule.at(-1) === '**';
  const words = open ? rule.slice(0, -1) : rule;
  if (open ? command.length < words.length : command.length !== words.length) return false;
  return words.every((word, index) => glob(word, '[^/]*').test(command[index] ?? ''));
}

/** `*.monitoring.svc:9090` matches `prometheus.monitoring.svc:9090`; without a port, every port. */
export function matchesHost(host: string, port: string, pattern: string): boolean {
  const parts = /^(?<host>.+?)(?::(?<port>\d+|\*))?$/.exec(pattern)?.groups;
  if (!parts?.host) return false;
  const portMatches = parts.port === undefined || parts.port === '*' || parts.port === port;
  return portMatches && glob(parts.host.toLowerCase(), '[^.:]*').test(host.toLowerCase());
}

/** `registry.example/credlink/*` matches `registry.example/credlink/api`; `*` stands for any characters but `/`. */
export function matchesRepository(repository: string, pattern: string): boolean {
  return glob(pattern, '[^/]*').test(repository);
}

function glob(pattern: string, star: string): RegExp {
  const literal = pattern.split(/\*+/).map((piece) => piece.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'));
  return new RegExp(`^(?:${literal.join(star)})$`);
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** Whether the host of a URL is this machine by its name or address. */
export const isLoopback = (hostname: string): boolean => LOOPBACK.test(hostname);

import type { Shape } from './results.ts';
import { FROM_RESULT, LITERALS, RULES, type Type } from './rules.ts';

/** A whole number from 0 up to `below`, exclusive. */
export type Random = (below: number) => number;

/** A condition: mostly one whose types fit, every so often with a value of another type in it. */
export function condition(random: Random, shape: Shape): string {
  const pick = <T>(list: readonly T[]): T => list[random(list.length)] as T;
  const types = Object.keys(RULES) as Type[];
  const wrong = random(5) === 0;
  const made = (type: Type, depth: number): string => {
    const wanted = wrong && random(6) === 0 ? pick(types) : type;
    const own = FROM_RESULT[shape][wanted];
    if (own !== undefined && random(depth > 2 ? 5 : 2) === 0) return pick(own);
    if (depth <= 0) return pick(LITERALS[wanted]);
    return pick(RULES[wanted]).replace(/%([a-z]+)/g, (all, name: string) =>
      types.includes(name as Type) ? made(name as Type, random(3) === 0 ? 0 : depth - 1) : all,
    );
  };
  return made('truth', 1 + random(3));
}

// biome-ignore format: a list
const SCRAPS = [
  '(', ')', '[', ']', '{', '}', ',', ':', '?', '.', '..', '#', '=', '==', ';', '|', '??', '?.', 'not', 'in', '!', '"',
  '`', '\\', '0x', '1.', '&', '::', 'let', '§', ' ',
];

/** The condition with a piece taken out, put in or written twice. */
export function broken(text: string, random: Random): string {
  const at = random(text.length + 1);
  const length = 1 + random(3);
  const kept = [text.slice(0, at), text.slice(at)] as const;
  switch (random(3)) {
    case 0:
      return text.slice(0, at) + text.slice(at + length);
    case 1:
      return kept.join(SCRAPS[random(SCRAPS.length)]);
    default:
      return kept[0] + text.slice(at, at + length) + kept[1];
  }
}

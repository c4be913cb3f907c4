import { type Budget, fail, spend } from './budget.ts';
import { type Instruction, parsePattern } from './pattern-syntax.ts';
import { LIMITS } from './syntax.ts';

/**
 * Whether the pattern (RE2's syntax) occurs in the text. Time is proportional to pattern × text, never exponential
 * (Thompson, "Regular expression search algorithm", 1968): a condition comes from a file and must not hang a workflow.
 */
export function findMatch(pattern: string, text: string, budget: Budget): boolean {
  if (text.length > LIMITS.textLength)
    fail(budget, `"matches" looks at text of at most ${LIMITS.textLength} characters`);
  const program = compiled(pattern, budget);
  spend(budget, pattern.length * 4 + program.length);
  const characters = [...text];
  let threads = new Set<number>();
  for (let i = 0; i <= characters.length; i += 1) {
    if (follow(program, 0, threads, characters, i, budget)) return true;
    const character = characters[i]?.codePointAt(0);
    if (character === undefined) return false;
    const next = new Set<number>();
    for (const index of threads) {
      const instruction = program[index];
      if (
        instruction?.kind === 'character' &&
        instruction.accepts(character) &&
        follow(program, index + 1, next, characters, i + 1, budget)
      )
        return true;
    }
    threads = next;
  }
  return false;
}

function compiled(pattern: string, budget: Budget): Instruction[] {
  try {
    return parsePattern(pattern);
  } catch (error) {
    return fail(budget, error instanceof Error ? error.message : String(error));
  }
}

/** Adds every thread reachable without a character; `true`: the end of the pattern is among them. */
function follow(
  program: readonly Instruction[],
  start: number,
  threads: Set<number>,
  text: readonly string[],
  at: number,
  budget: Budget,
): boolean {
  const open = [start];
  while (open.length > 0) {
    const index = open.pop() as number;
    if (threads.has(index)) continue;
    spend(budget, 1);
    threads.add(index);
    const instruction = program[index];
    if (instruction === undefined) return true;
    if (instruction.kind === 'split') open.push(...instruction.to);
    else if (instruction.kind === 'assert' && instruction.holds(text, at)) open.push(index + 1);
  }
  return false;
}

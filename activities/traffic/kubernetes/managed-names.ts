/**
 * Routes that header and mirror steps make have the step's name; where several routes are split, each has its own
 * behind it: `beta`, `beta.2`, `beta.3`. A dot, since the Gateway API allows one in a rule's name.
 */
export function managedName(name: string, index: number): string {
  return index === 0 ? name : `${name}.${index + 1}`;
}

export function isManagedBy(found: string, name: string): boolean {
  if (found === name) return true;
  return found.startsWith(`${name}.`) && /^(?:[2-9]|[1-9]\d+)$/.test(found.slice(name.length + 1));
}

/** @param managed the plan's `managedRoutes`, in order of precedence */
export function isManaged(found: string, managed: readonly string[] = []): boolean {
  return found !== '' && managed.some((name) => isManagedBy(found, name));
}

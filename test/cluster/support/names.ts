/** Names that differ from release to release, as what they mean. */
export type Names = readonly (readonly [name: string, means: string])[];

/** @example `nameIn([['shop-1-0-0-92521fc3', '<stable>']], 'shop-1-0-0-92521fc3')` is `<stable>` */
export function nameIn(names: Names, name: string): string {
  return names.reduce((text, [from, to]) => text.replaceAll(from, to), name);
}

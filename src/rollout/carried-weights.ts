type Weights = Readonly<Record<string, number>>;

/**
 * The way back where the growing side is short: it gets the share that its ready replicas carry, what is left stays
 * where it is served now. What nobody can carry goes to the growing side if anything of it is ready: that is where
 * it is wanted.
 *
 * @param capacity whole percent of all the traffic that each version carries; absent: 0
 * @example carriedWeights({ old: 0, new: 100 }, { old: 100 }, { old: 75, new: 100 }) // { old: 75, new: 25 }
 */
export function carriedWeights(current: Weights, asked: Weights, capacity: Weights): Weights {
  const carries = (version: string) => capacity[version] ?? 0;
  const shares: Record<string, number> = { ...asked };
  const growing = Object.keys(asked).filter((version) => (asked[version] ?? 0) > (current[version] ?? 0));
  let homeless = 0;
  for (const version of growing) {
    const wanted = asked[version] ?? 0;
    shares[version] = Math.min(wanted, Math.max(current[version] ?? 0, carries(version)));
    homeless += wanted - (shares[version] ?? 0);
  }
  const shrinking = Object.keys(current).filter((version) => (current[version] ?? 0) > (asked[version] ?? 0));
  const give = (version: string, most: number) => {
    const share = Math.max(0, Math.min(homeless, most - (shares[version] ?? 0)));
    shares[version] = (shares[version] ?? 0) + share;
    homeless -= share;
  };
  for (const version of shrinking) give(version, Math.min(current[version] ?? 0, carries(version)));
  for (const version of growing) if (carries(version) > 0) give(version, asked[version] ?? 0);
  for (const version of shrinking) give(version, current[version] ?? 0);
  return shares;
}

export interface Allowance {
  /** Takes one, where there is one. */
  take(now: number): boolean;
}

/** A token bucket: `burst` at once, then `perMinute`. */
export function allowance({ burst, perMinute }: { burst: number; perMinute: number }): Allowance {
  let left = burst;
  let at: number | null = null;
  return {
    take(now) {
      left = Math.min(burst, left + (Math.max(now - (at ?? now), 0) * perMinute) / 60_000);
      at = now;
      if (left < 1) return false;
      left -= 1;
      return true;
    },
  };
}

/** The embedded stack's Temporal, `host:port`, where one runs on this machine; else `null`. */
export async function localTemporal(_home?: string): Promise<string | null> {
  return null;
}

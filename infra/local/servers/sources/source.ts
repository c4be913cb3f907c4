/** Somebody who has a package's file. */
export interface Source {
  /** Who it is, for messages and for the cache's record. */
  readonly title: string;
  /**
   * Brings the verified file (for jars, the folder that holds them) into the folder, and answers its path.
   * @throws SHIPLOCK_SERVER_NETWORK, SHIPLOCK_SERVER_HASH, SHIPLOCK_DISK_FULL
   */
  bring(folder: string, onBytes: (received: number) => void): Promise<string>;
}

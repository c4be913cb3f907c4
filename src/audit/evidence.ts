import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { Reading } from '../../activities/metrics/port.ts';

/**
 * Names a reading by everything that was recorded of it: the first 16 hex digits of a SHA-256. The status keeps it
 * beside the verdict, so a reading that is altered later no longer fits what the release said about it, also where its
 * value and verdict would be the same. Pure: it runs inside the workflow.
 */
export function evidenceOf(reading: Reading): string {
  const recorded = JSON.stringify(reading, Object.keys(reading).sort());
  return bytesToHex(sha256(utf8ToBytes(recorded))).slice(0, 16);
}

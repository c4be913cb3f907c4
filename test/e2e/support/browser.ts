/** Chromium, where this machine has one. */
import { type Browser, chromium } from 'playwright-core';
import { serverPath } from '../../../infra/local/servers/index.ts';
import { ShiplockError } from '../../../src/errors.ts';

/** As it also runs in a container and as root; nothing of it talks to its vendor. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export async function chromiumPath(): Promise<{ path: string } | { missing: string }> {
  try {
    return { path: (await serverPath('chromium')).path };
  } catch (error) {
    if (!(error instanceof ShiplockError)) throw error;
    return { missing: `${error.message}; mend: ${error.mend}` };
  }
}

export function openBrowser(path: string): Promise<Browser> {
  return chromium.launch({ executablePath: path, args: FLAGS });
}

/** Chromium, where this machine has one. */
import { type BrowserContext, chromium } from 'playwright-core';
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

/** One context, so that what the UI is made of is loaded once. Closing its browser ends Chromium. */
export async function openBrowser(path: string): Promise<BrowserContext> {
  const browser = await chromium.launch({ executablePath: path, args: FLAGS });
  return browser.newContext({ viewport: { width: 1400, height: 900 } });
}

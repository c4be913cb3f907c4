/** The Temporal UI's page of one release, as a person uses it. Waits for content only: the UI polls, so it is never idle. */
import type { BrowserContext, FrameLocator, Locator, Page } from 'playwright-core';
import type { Started } from './ui-stage.ts';

export interface ReleasePage {
  /** The Markdown page that the release keeps, as rendered. */
  readonly details: FrameLocator;
  /** Looks again (the UI's own key) until the page shows it. */
  shows(text: string | RegExp): Promise<void>;
  /** The JSON that the page offers for a signal. */
  inputFor(signal: string): Promise<string>;
  /** What the dialog offers: each signal with its description. */
  offers(): Promise<{ signal: string; description: string }[]>;
  /** More Actions → Send a Signal → this one, with this input, as it is; what the UI itself has against it. */
  send(signal: string, input: string): Promise<string | null>;
  screenshot(file: string): Promise<void>;
}

/** Under the load of a whole test run. */
const PATIENCE_MS = 120_000;
const LOOK_MS = 1_000;

export async function openRelease(context: BrowserContext, ui: string, { id, runId }: Started): Promise<ReleasePage> {
  for (const open of context.pages()) await open.close();
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  const details = page.frameLocator('iframe#user-metadata-current-details');
  const afresh = async (): Promise<void> => {
    await page.goto(`${ui}/namespaces/default/workflows/${id}/${runId}/user-metadata`, { waitUntil: 'commit' });
    await details.locator('h2').waitFor();
  };
  await afresh();
  let used = false;

  const shows = async (text: string | RegExp): Promise<void> => {
    const wanted = details.getByText(text).first();
    const deadline = Date.now() + PATIENCE_MS;
    while (!(await appears(wanted, LOOK_MS))) {
      if (Date.now() > deadline) {
        throw new Error(`the page never shows ${text}; it shows:\n${await details.locator('body').textContent()}`);
      }
      await page.keyboard.press('r');
    }
  };
  const offers = async (): Promise<{ signal: string; description: string }[]> => {
    const dialog = await openDialog(page);
    await dialog.getByRole('button', { name: 'Select a signal' }).click();
    await dialog.getByRole('option').first().waitFor();
    const options = await dialog.getByRole('option').all();
    const found = await Promise.all(
      options.map(async (option) => {
        const signal = (await option.locator('.menu-item-wrapper').textContent()) ?? '';
        const description = (await option.locator('.menu-item-description').textContent()) ?? '';
        return { signal: signal.trim(), description: description.trim() };
      }),
    );
    used = true;
    return found;
  };
  const send = async (signal: string, input: string): Promise<string | null> => {
    // A dialog that was used before keeps what was sent, and has lost its list.
    if (used) await afresh();
    used = true;
    const dialog = await openDialog(page);
    await choose(page, dialog, signal);
    await dialog.getByRole('textbox', { name: 'Data' }).click();
    await page.keyboard.insertText(input);
    await dialog.getByRole('button', { name: 'Submit' }).click();
    const complaint = dialog.getByText('Input must be valid JSON');
    await Promise.race([dialog.waitFor({ state: 'hidden' }), complaint.waitFor()]).catch(async (cause: unknown) => {
      throw new Error(`the dialog for ${signal} stays open:\n${await dialog.textContent()}`, { cause });
    });
    return (await dialog.isVisible()) ? 'Input must be valid JSON' : null;
  };
  const inputFor = async (signal: string): Promise<string> => {
    const line = details.locator(`strong:text-is("${signal}") + code`).first();
    return (await line.textContent()) ?? '';
  };
  return {
    details,
    shows,
    inputFor,
    offers,
    send,
    screenshot: async (file) => {
      await page.screenshot({ path: file });
    },
  };
}

async function openDialog(page: Page): Promise<Locator> {
  await page.getByRole('button', { name: 'More Actions' }).click();
  await page.getByRole('menuitem', { name: 'Send a Signal' }).click();
  const dialog = page.getByRole('dialog', { name: 'Send a Signal' });
  await dialog.waitFor();
  return dialog;
}

/** From the list, or by hand where the list has no such name. */
async function choose(page: Page, dialog: Locator, signal: string): Promise<void> {
  await dialog.getByRole('button', { name: 'Select a signal' }).click();
  await dialog.getByRole('option').first().waitFor();
  const offered = dialog.getByRole('option').filter({ has: page.getByText(signal, { exact: true }) });
  if ((await offered.count()) > 0) return offered.click();
  await dialog.getByRole('option', { name: 'Custom' }).click();
  await dialog.getByRole('textbox', { name: 'Signal name' }).fill(signal);
}

async function appears(wanted: Locator, withinMs: number): Promise<boolean> {
  try {
    await wanted.waitFor({ timeout: withinMs });
    return true;
  } catch {
    return false;
  }
}

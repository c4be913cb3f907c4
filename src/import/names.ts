/** A text as a DNS label: what gates, webhooks and services are named by. @example labelOf('Load test #1') // 'load-test-1' */
export function labelOf(text: string): string {
  const label = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 63)
    .replace(/-+$/, '');
  return label === '' ? 'unnamed' : label;
}

/**
 * A regular expression that names kinds of characters (`\p{L}`). As a literal the bundler would write out all letters
 * there are, 8 KB each time, for every cached release.
 *
 * @example unicode(String.raw`[\p{L}_]`).test('ü') // true
 */
export const unicode = (source: string, flags = 'u'): RegExp => new RegExp(source, flags);

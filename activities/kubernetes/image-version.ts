/**
 * The version that an image's reference names: its tag, without one its digest. Where a reference has both the tag is
 * what people know it by.
 *
 * @example versionOfImage('registry.example:5000/shop/api:1.2.0') // '1.2.0'
 */
export function versionOfImage(image: string): string {
  const [named = '', digest] = image.split('@', 2);
  const tag = named.slice(named.lastIndexOf('/') + 1).split(':', 2)[1];
  return tag ?? digest ?? 'latest';
}

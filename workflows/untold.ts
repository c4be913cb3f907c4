/**
 * What an undo says of itself while its attempts fail and are made again: why they do, only the server knows by then (the
 * last failure of the pending activity), and whoever asks it shows that instead.
 */
export const UNTOLD = 'it does not get through';

/** What the grammar may ask of a result. */
export type Shape = 'numbers' | 'number' | 'text' | 'truth' | 'nil' | 'array' | 'object';

/** Results as the oracle reads them: numbers as text, since JSON knows no NaN. */
export const RESULTS: readonly { readonly shape: Shape; readonly given: Readonly<Record<string, unknown>> }[] = [
  ...[
    [],
    ['0.995'],
    ['NaN'],
    ['+Inf'],
    ['-0', '0'],
    ['1', '2', '3'],
    ['0.1', '0.2', '0.3', '-0.6'],
    ['5e-324', '1e308', '-1e308'],
    ['1', 'NaN', '-Inf', '2'],
    ['3', '1', '2', '1', '3', '2', '1'],
    ['9007199254740993', '1e20', '123456789'],
  ].map((numbers) => ({ shape: 'numbers' as const, given: { numbers } })),
  ...['0.5', 'NaN', '-Inf', '-0', '1e308', '2'].map((number) => ({ shape: 'number' as const, given: { number } })),
  ...[
    '',
    'abc',
    'Grüße',
    '1.5',
    '-7',
    '1h30m',
    'a,b,,c',
    ' padded\n',
    'true',
    '2023-08-14T10:00:00Z',
    '[1,{"a":2}]',
  ].map((result) => ({ shape: 'text' as const, given: { result } })),
  ...[true, false].map((result) => ({ shape: 'truth' as const, given: { result } })),
  { shape: 'nil', given: { result: null } },
  ...[
    [],
    [1, 2, 3],
    [1, 'a', null, true],
    ['b', 'a', 'c'],
    [[1, 2], [3]],
    [{ x: 1, n: 'p' }, { x: 2.5 }, { x: null }],
  ].map((result) => ({ shape: 'array' as const, given: { result } })),
  ...[
    { a: 1, t: 'ok', l: [3, 1, 2], z: null, o: { b: true } },
    { a: 0.25, t: 'é,b', l: [], z: {}, o: [{ x: 1 }, { x: 2 }] },
    { a: '12', t: '90s', l: ['x', 'y'], z: false, o: { b: [1] } },
    { a: -3, t: '2024-02-29', l: [1, 'a'], z: [[1], 2], o: null },
    {},
  ].map((result) => ({ shape: 'object' as const, given: { result } })),
];

/** One item of the final checklist, answered from what the release recorded. */
export interface ChecklistItem {
  /** The step of the release engineering plan that it belongs to: 43 canary … 47 final validation. */
  readonly step: 43 | 44 | 45 | 46 | 47;
  /** For example `rollback works`. */
  readonly item: string;
  /**
   * `unshown`: there is no evidence, which fails it. `waived`: a person did without it.
   * `undone`: its phase was taken back by `onFailure: phase`. `not planned`: the plan leaves the phase out.
   */
  readonly verdict: 'passed' | 'failed' | 'unshown' | 'waived' | 'undone' | 'not planned';
  /** What shows it, in numbers: `8 of 8 weights confirmed by the router`. */
  readonly evidence: string;
}

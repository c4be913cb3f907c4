/**
 * The comparison judge `kayenta`: Spinnaker Kayenta's `NetflixACAJudge-v1.0`, to the number. Pure. The rules stand in
 * `docs/analysis.md`; where it differs from Kayenta (`spinnaker/kayenta` at a69573b) is said there.
 */

export { type Classified, classify, type Label, NETFLIX_ACA_JUDGE, type Rule } from './classify.ts';
export { type JudgedMetric, judgeKayenta, type KayentaJudgement, type Samples, verdictOf } from './judge.ts';
export { mannWhitney, normalQuantile, type Shift } from './mann-whitney.ts';
export { judgeWindow } from './reading.ts';
export { mostPoints, type Window, windowOf } from './window.ts';

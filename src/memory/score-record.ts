/** Fields of the `scores` region, one record a symbol (record-view.ts). */
export const SCORE_UP = 0 // probability that the next change of the mid is upwards
export const SCORE_DOWN = 1
export const SCORE_ROW_NUMBER = 2 // the row it was computed from; 0: no score yet
export const SCORE_TIME_US = 3 // when it was computed; its age is now minus this
export const SCORE_FIELDS = 8

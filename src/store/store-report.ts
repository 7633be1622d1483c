/** What the store process tells its parent over IPC. The parent may send `{type: 'stop'}`. */
export type StoreReport =
  | Readonly<{ type: 'ready' }>
  | Readonly<{
      type: 'status'
      /** Journal record the projection has reached. */
      offset: number
      /** Records behind it that wait. */
      lag_records: number
      /** Records of a kind this version does not know. */
      skipped_records: number
      /** Records that SQL cannot hold, as another record has the key of their row. */
      conflicts: number
    }>
  | Readonly<{ type: 'failed'; code: string; message: string }>

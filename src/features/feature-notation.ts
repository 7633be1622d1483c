import type { FeatureGroup } from './catalogue.ts'

/** What the formulas of feature-formulas.ts take for granted, in Markdown. A table. */

// biome-ignore format: a table, one notion a line
export const NOTATION: readonly string[] = [
  'A **row** is an accepted book event of the symbol. A feature has one value a row; a ' +
    'missing one is NaN, `null` in JSON, and stays missing until what its line says is no ' +
    'longer so.',
  '`b1, B1, a1, A1`: best bid and ask, price in ticks and size in lots. `b_i, B_i, a_i, ' +
    'A_i`: level i. `tick`, `step`: price and size step as numbers. `M = a1 + b1`: the mid ' +
    'in half ticks. **Two-sided**: both sides have levels and a1 > b1; else there is no mid.',
  '`S(n)`, also `S_bid`, `S_ask`: size of the first n levels of a side, or of as many as ' +
    'there are. `h(p) = abs(2p - M)`: distance to the mid in half ticks. `imb(x, y) = (x - ' +
    'y)/(x + y)`.',
  '`tau`: effective time of an event in ms, `max(tau before, own time)`; own time is `cts` ' +
    'of a book event, `T` of a trade. "10 s" is the window `(tau-10000, tau]`; windows need ' +
    'not be full.',
  '**Mid state**: the mid as of the latest row; a gap sets it to missing. **Grid**: ' +
    'buckets of `gridMs` (1 s); B is the bucket of the row, f the first of the symbol, `M_b` ' +
    'the last mid state up to the end of bucket b, `r_b = 1e4*log1p((M_b - ' +
    'M_{b-1})/M_{b-1})` its return in bps. Buckets before B are closed.',
  '`sign` of a trade: +1 for a taker buy, -1 for a taker sell; `p, q` its price and size. ' +
    'Block trades do not count, a repeated id counts once.',
  '**Add, cancel, fill** at a price whose size changes by d while f lots trade there: ' +
    '`fill = f`, `add = max(0, d+f)`, `cancel = max(0, -(d+f))`. Lots that traded where the ' +
    'visible book had none are **unmatched**. A level that scrolls into or out of view is ' +
    'neither added nor canceled.',
  '**Lots of a level**: what is added joins the end, fills take from the oldest, cancels ' +
    'from the newest. What a snapshot or scrolling brought is **censored**: its true age is ' +
    'not known, so it has no lifetime and no resting time.',
  '**Lower median**: element floor((n-1)/2) of n values in order; **MAD**: lower median of ' +
    'the distances from it. Variance, sd and skewness are those of the population. ' +
    '**Degenerate**: `Var(x) <= 1e-12 * mean(x^2)`. A ratio with denominator 0 is missing.',
  '**Range** says what can occur; `real` is any finite number. **Update** says what ' +
    'changes the value: B a book event, T a trade, C the closing of a bucket.',
]

// biome-ignore format: a table, one group an entry
export const GROUP_NOTES: Readonly<Record<FeatureGroup, readonly string[]>> = {
  A: ['An absent best level has size 0 and no price.'],
  B: [
    'A level is in the **band** if `h(p) <= 2*bandTicks` of the instrument; the edge is inside.',
    '**Convexity** over the first N = min(20, available) levels, N >= 3: `u_i = ' +
      'h(p_i)/h(p_N)`, `v_i = C_i/C_N` with C the cumulative lots, least squares of `v ~ ' +
      'alpha*u + beta*u^2` without intercept. Above 0: size piles up away from the touch.',
    '**Slope** over the first N = min(20, available) levels, `v_j = ln(1+C_j)`: `(1/N) * ' +
      '(v_1/(h(p_1)/M) + sum_{j=1}^{N-1} (log1p(q_{j+1}/(1+C_j))/v_j) / ' +
      '(abs(p_{j+1}-p_j)/p_j))`.',
  ],
  C: [
    'From integer lots. An empty side counts as 0, so a one-sided book gives exactly +1 or ' +
      '-1; `mid_price` tells the two apart.',
  ],
  D: [
    "**OFI** at level k between consecutive rows, (P, q) before and (P', q') after: `e_k = " +
      "[P'b >= Pb]*q'b - [P'b <= Pb]*qb - [P'a <= Pa]*q'a + [P'a >= Pa]*qa`, in lots; an " +
      'absent level has size 0 and the worst price there is; a snapshot has e_k = 0.',
    '**Hawkes**: `lambda_buy = hawkesMu + sum_j g_j*exp(-hawkesBeta*(tau - tau_j)/1000)`, ' +
      'g_j = hawkesSelf for buys, hawkesCross for sells; lambda_sell is its mirror.',
    '**Large trade**, among the n >= 10 trades of 60 s: `1000*(q - med) > 7413*MAD`, which ' +
      'is 5 robust standard deviations.',
  ],
  E: [
    '**Volume profile**: lots by price bin `floor(p/vpBinTicks)` over 300 s. The **point ' +
      'of control** is the bin with most lots, the lowest of equals. The **value area** ' +
      'grows from it towards the larger neighbor until it holds 70 % of the lots. `dist = ' +
      '1e4*(price - M/2)/(M/2)`, the price being the middle of the point of control, the top ' +
      'of the highest bin or the bottom of the lowest.',
    '**Abnormal volume**: x = lots of bucket B-1; med and MAD of the buckets max(f, B-61) ' +
      'to B-2; scale = 1.4826*MAD, or 1.2533*mean abs(v - med) where that is 0.',
  ],
  F: [
    '**Micro-price**: a Markov chain over 3 classes of spread and 9 of imbalance, from ' +
      'transitions between rows, each counted with its mirror image; `G*[x]` is the expected ' +
      'move of the mid from state x after six of its jumps. It is estimated anew every ' +
      '`mpRecalMs` from the last `mpLookback` periods, with a prior of weight `mpPrior`.',
    '**Impact** of the notional N = `refNotional` of the instrument: walk whole levels ' +
      'from the best, the last one in part; P = N/base.',
    '**Bucket regressions**: buckets max(f, B-60) to B-1 with a return, at least 20, least ' +
      'squares with intercept.',
    '**Spread decomposition**: s = sign, `m_j` the mid (ticks) when trade j came, `m+_j` ' +
      'the mid `markoutMs` later. Weights are lots; a trade with a missing mid is left out.',
  ],
  G: [
    'Sums run over the returns that exist in buckets max(f, B-60) to B-1. Event returns ' +
      'lie between adjacent two-sided rows in 60 s, n_e of them. `RV = sum r_b^2`, `RVe = ' +
      'sum (event return)^2`, `BPV = (pi/2)*sum abs(r_b)*abs(r_{b-1})`.',
  ],
  H: [
    '**Volume buckets** of V = `vpinBucketQty` of the instrument, filled by trades in ' +
      'stream order; a trade that overflows is split. vb, vs: lots bought and sold by ' +
      'takers. n = min(completed, `vpinBuckets`), at least `vpinMin`.',
    '**Bulk classification**: D_i = change of the closing price between volume buckets, ' +
      'sigma its standard deviation. VPIN is a trademark of the firm of its authors; here ' +
      'the word only describes.',
  ],
  I: [
    'Looked at: the first `clusterLevels` levels of a side (50). **Heavy level**: ' +
      '`10000*(q - med) > 44478*MAD`, 3 robust standard deviations, with at least ' +
      '`clusterMinLevels` levels. **Cluster**: a run of adjacent heavy levels; the ' +
      '**largest** has most lots, the nearest of equals, and its **persistence** is the time ' +
      'for which its heaviest price has been heavy without a break since the last snapshot.',
    '**Activity** of a price: lots added, canceled and filled there in 10 s.',
  ],
  J: [
    '**Age** = tau - birth of a level; what came with a snapshot or by scrolling was born ' +
      'then. **Support score** of bid level i <= 50: `(B_i*(1 + touches_i)/med) * (1 - ' +
      '2^(-age_i/30000))`; touches_i = rows in 300 s at which the price became the best bid. ' +
      'Support is the level with the highest score, the nearest of equals; resistance is the ' +
      'same of the asks.',
  ],
  K: [
    'Indicators on anonymous levels, no proof of anybody\'s intent.',
    'A lot is **large** if at least `spoofMinAdds` lots were added in the 60 s before it ' +
      'and it is at least twice their mean. It is judged once, when 80 % of it is canceled: ' +
      'uncensored, large, never filled, not older than `spoofMaxLifeMs` and at least 1 tick ' +
      'behind the best it is a **layer event**; at least `spoofMinDistTicks` behind, with a ' +
      'trade between its add and its cancel that took the other side, it is also a **spoof ' +
      'event**.',
  ],
  L: [
    'Each row is one observation; missing values are left out. `x(t)` is the value of the ' +
      'last row with effective time <= t.',
  ],
  M: [
    'On the grid that all symbols share: when an event would move it to a later bucket, ' +
      'the mids of all symbols are frozen first. Window: buckets BG-60 to BG-1. `rho(x, y, ' +
      'l)`: correlation of x(b-l) and y(b), at least 20 pairs. L is the leader, s the ' +
      'symbol. The two `xv_` features need the book of a second exchange.',
  ],
  N: [
    '**Robust z** of x: one sample for each closed bucket, the last `zSamples`, at least ' +
      '`zMin`, weight `2^(-(B-1-b)/zHalfLife)`; m = weighted median, s = 1.4826*weighted ' +
      'median of abs(x_b - m), or 1.2533*weighted mean of it where that is 0; `z = (x - ' +
      'm)/s` clipped to +-`zClip`. The open bucket is never seen.',
  ],
}

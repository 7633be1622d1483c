/**
 * What each feature is, exactly: its formula, the range of its values, when it is missing (its
 * warm-up included) and where the definition comes from. The notation is that of
 * feature-notation.ts; docs/features.md shows both side by side. A table.
 */
type Line = readonly [formula: string, range: string, missing: string, source: string]

// biome-ignore format: a table, one feature an entry
export const FEATURE_FORMULAS: Readonly<Record<string, Line>> = {
  best_bid: ['`b1*tick`', '> 0', 'no bids', 'common definition'],
  best_ask: ['`a1*tick`', '> 0', 'no asks', 'own definition'],
  mid_price: ['`m = M/2*tick`, `M = a1+b1`', '> 0', 'not two-sided', 'common definition'],
  spread_abs: ['`(a1-b1)*tick`', '> 0', 'not two-sided', 'own definition'],
  spread_ticks: ['`a1-b1`', 'integer >= 1', 'not two-sided', 'common definition'],
  spread_bps: ['`1e4*(a1-b1)/(M/2)`', '> 0', 'not two-sided', 'own definition'],
  bid_size_1: ['`B1*step`; 0 if no bids', '>= 0', 'never', 'common definition'],
  ask_size_1: ['`A1*step`; 0 if no asks', '>= 0', 'never', 'common definition'],
  bbo_age_ms: [
    '`tau - tau_j`, row j being the latest whose pair (b1, a1) differs from that of the ' +
      'row before it; an absent side is a value of its own, the first row counts as a ' +
      'change, sizes do not matter',
    'integer >= 0', 'never', 'Hasbrouck & Saar 2013 (quote duration)',
  ],
  bid_depth_5: ['`S_bid(5)*step`', '>= 0', 'never', 'own definition'],
  ask_depth_5: ['`S_ask(5)*step`', '>= 0', 'never', 'own definition'],
  bid_depth_20: ['`S_bid(20)*step`', '>= 0', 'never', 'own definition'],
  ask_depth_20: ['`S_ask(20)*step`', '>= 0', 'never', 'own definition'],
  bid_depth_band: [
    'sum of bid sizes with `h(p) <= 2*bandTicks`, over all visible levels, times step',
    '>= 0', 'not two-sided', 'common definition',
  ],
  ask_depth_band: [
    'sum of ask sizes with `h(p) <= 2*bandTicks`, over all visible levels, times step',
    '>= 0', 'not two-sided', 'common definition',
  ],
  book_vwap_dev_bps_20: [
    '`1e4*(V - M/2)/(M/2)`, `V = sum p*q / sum q` over the first 20 levels of both sides ' +
      '(ticks)',
    'real', 'not two-sided', 'own definition',
  ],
  bid_convexity_20: [
    '`beta` of the convexity fit over the bids',
    'real', 'not two-sided, < 3 levels, singular',
    'after Naes & Skjeltorp 2006; Ghysels & Nguyen 2019',
  ],
  ask_convexity_20: [
    '`beta` of the convexity fit over the asks',
    'real', 'not two-sided, < 3 levels, singular',
    'after Naes & Skjeltorp 2006; Ghysels & Nguyen 2019',
  ],
  ns_slope_20: [
    'mean of the slope of the bids and the slope of the asks',
    '> 0', 'not two-sided', 'Naes & Skjeltorp 2006, J. Financial Markets',
  ],
  imb_1: [
    '`imb(B1, A1)`',
    '[-1,1]', 'both sides empty', 'Cont, Kukanov & Stoikov 2014; Gould & Bonart 2016',
  ],
  imb_5: ['`imb(S_bid(5), S_ask(5))`', '[-1,1]', 'both sides empty', 'own definition'],
  imb_20: ['`imb(S_bid(20), S_ask(20))`', '[-1,1]', 'both sides empty', 'own definition'],
  imb_band: [
    '`imb(bid lots in band, ask lots in band)`',
    '[-1,1]', 'not two-sided; both bands empty', 'common definition',
  ],
  imb_exp_10: [
    '`imb(sum_i w_i*B_i, sum_i w_i*A_i)`, `w_i = exp(-0.5*(i-1))`, i = 1..10',
    '[-1,1]', 'both sides empty',
    'Lipton, Pesavento & Sotiropoulos 2013 (weighted depth imbalance)',
  ],
  log_queue_ratio: ['`ln(B1/A1)`', 'real', 'a side empty', 'Avellaneda, Reed & Stoikov 2011'],
  imb_streak: [
    'sign(imb_1) times the number of consecutive latest rows, with this one, whose B1 - A1 ' +
      'has that sign; 0 if B1 = A1; snapshots do not break the run',
    'integer', 'never', 'own definition',
  ],
  ofi_event: [
    '`e_1*step`',
    'real', 'never', 'Cont, Kukanov & Stoikov 2014, J. Financial Econometrics',
  ],
  ofi_1s: [
    '`sum of e_1 over rows in (tau-1000, tau]`, times step',
    'real', 'never', 'Cont, Kukanov & Stoikov 2014, J. Financial Econometrics',
  ],
  ofi_10s: [
    '`sum of e_1 over rows in (tau-10000, tau]`, times step',
    'real', 'never', 'Cont, Kukanov & Stoikov 2014, J. Financial Econometrics',
  ],
  ofi_norm_10s: [
    '`sum e_1 / mean (B1+A1)/2` over rows in 10 s, in lots; the mean includes snapshot rows',
    'real', 'mean is 0', 'Cont, Kukanov & Stoikov 2014',
  ],
  mlofi_sum_5_10s: [
    '`sum_{k<=5} sum over rows in 10 s of e_k`, times step',
    'real', 'never', 'Xu, Gould & Howison 2018/2019 (MLOFI)',
  ],
  mlofi_norm_10_10s: [
    '`sum_{k<=10} sum e_k / Q`, `Q = mean over rows in 10 s of (S_bid(10)+S_ask(10))/20`',
    'real', 'Q = 0', 'Cont, Cucuringu & Zhang 2023, Quant. Finance',
  ],
  volume_delta_10s: [
    '`sum sign*q*step` over trades in (tau-10000, tau]',
    'real', 'never', 'own definition',
  ],
  cvd_day: [
    '`sum sign*q*step` over trades with floor(tau_j/86400000) = floor(tau/86400000)',
    'real', 'never', 'own definition',
  ],
  tfi_10s: [
    '`imb(buy lots, sell lots)` over 10 s',
    '[-1,1]', 'no trades in window', 'Cont, Kukanov & Stoikov 2014, section 4',
  ],
  trade_rate_10s: ['trades in 10 s / 10', '>= 0', 'never', 'common definition'],
  volume_10s: ['`sum q*step` over 10 s', '>= 0', 'never', 'common definition'],
  large_trade_share_60s: [
    'lots of large trades / all lots, 60 s',
    '[0,1)', '< 10 trades', 'Leys et al. 2013 (median and MAD)',
  ],
  trade_run: [
    'sign of the last trade times the number of consecutive last trades of that sign, ' +
      'since the start',
    'integer', 'never', 'Hasbrouck & Ho 1987 (trade runs)',
  ],
  ms_since_trade: ['`tau - tau_last`', 'integer >= 0', 'no trade yet', 'common definition'],
  hawkes_buy: [
    '`lambda_buy(tau)`',
    '>= hawkesMu', 'never',
    'Hawkes 1971; Bacry, Mastromatteo & Muzy 2015; Da Fonseca & Zaatour 2014',
  ],
  hawkes_sell: [
    '`lambda_sell(tau)`',
    '>= hawkesMu', 'never',
    'Hawkes 1971; Bacry, Mastromatteo & Muzy 2015; Da Fonseca & Zaatour 2014',
  ],
  hawkes_imb: [
    '`imb(lambda_buy, lambda_sell)`',
    '(-1,1)', 'never', 'Hawkes 1971; Bacry, Mastromatteo & Muzy 2015; Da Fonseca & Zaatour 2014',
  ],
  vp_poc_dist_bps_300s: [
    'dist of the point of control',
    'real', 'no trade in window; not two-sided', 'Steidlmayer & Hawkins 2003 (Market Profile)',
  ],
  vp_vah_dist_bps_300s: [
    'dist of the value area high',
    'real', 'no trade in window; not two-sided', 'Steidlmayer & Hawkins 2003 (Market Profile)',
  ],
  vp_val_dist_bps_300s: [
    'dist of the value area low',
    'real', 'no trade in window; not two-sided', 'Steidlmayer & Hawkins 2003 (Market Profile)',
  ],
  abn_volume_score: [
    '`(x - med)/scale` of the last closed bucket',
    'real', '< 20 reference buckets; scale 0', 'Leys et al. 2013',
  ],
  cmf_60s: [
    '1 s trade bars of buckets B-60..B-1 that have trades: `sum MFM*V / sum V`, `MFM = ' +
      '((C-L)-(H-C))/(H-L)`, 0 if H = L; prices in ticks, V in lots',
    '[-1,1]', 'no trades', 'Chaikin money flow',
  ],
  absorption_bid_10s: [
    '`F/(Q*(1+drop))`: F = bid fill lots in 10 s, Q = mean B1 over rows in 10 s (absent = ' +
      '0), drop = max(0, b1(then) - b1(now)) ticks, then = last row with tau_j <= tau-10000',
    '>= 0', 'no such row; bid absent then or now; Q = 0', 'own definition',
  ],
  absorption_ask_10s: [
    '`F/(Q*(1+drop))`: F = ask fill lots in 10 s, Q = mean A1 over rows in 10 s (absent = ' +
      '0), drop = max(0, a1(now) - a1(then)) ticks, then = last row with tau_j <= tau-10000',
    '>= 0', 'no such row; bid absent then or now; Q = 0', 'own definition',
  ],
  weighted_mid_dev_bps: [
    '`1e4*(w - M/2)/(M/2)`, `w = (b1*A1 + a1*B1)/(A1+B1)`',
    'within half spread', 'not two-sided', 'Gatheral & Oomen 2010; Stoikov 2018',
  ],
  microprice: [
    '`(M/2 + G*[x])*tick`',
    '> 0', 'not two-sided; < 10 transitions', 'Stoikov 2018, Quant. Finance 18(12)',
  ],
  microprice_adj_ticks: [
    '`G*[x]`',
    'real', 'not two-sided; < 10 transitions', 'Stoikov 2018, Quant. Finance 18(12)',
  ],
  price_pressure_20: [
    '`imb(sum_i B_i/d_i, sum_i A_i/d_i)`, i <= 20, `d = h/2` ticks to mid',
    '[-1,1]', 'not two-sided', 'Cao, Hansch & Wang 2009 (depth by inverse distance)',
  ],
  impact_buy_bps: [
    '`1e4*abs(P - m)/m` of a walk through the asks',
    '>= 0', 'not two-sided; depth < N', 'Irvine, Benston & Kandel 2000 (CRT)',
  ],
  impact_sell_bps: [
    '`1e4*abs(P - m)/m` of a walk through the bids',
    '>= 0', 'not two-sided; depth < N', 'Irvine, Benston & Kandel 2000 (CRT)',
  ],
  kyle_lambda_60s: [
    'slope of r_b (bps) on `sum sign*p*q*tick*step / 1e6` over the trades of bucket b (0 ' +
      'if none)',
    'real', '< 20 buckets; degenerate', 'Kyle 1985; Hasbrouck 2009',
  ],
  ofi_beta_60s: [
    'slope of `(M_b - M_{b-1})/2` (ticks) on `sum e_1 in bucket b / Q`, Q = mean (B1+A1)/2 ' +
      'over rows in buckets B-60..B-1',
    'real', '< 20 buckets; degenerate; Q = 0', 'Cont, Kukanov & Stoikov 2014',
  ],
  amihud_60s: [
    'mean over buckets with trades and finite r_b of `abs(r_b)/(sum p*q*tick*step / 1e6)`',
    '>= 0', '< 5 such buckets', 'Amihud 2002',
  ],
  eff_spread_bps_60s: [
    'trades in (tau-60000, tau]: `sum q*2e4*s*(p-m_j)/m_j / sum q`',
    'real', 'no usable trade', 'Huang & Stoll 1996; Lee 1993',
  ],
  realized_spread_bps_60s: [
    'trades with tau_j in (tau-65000, tau-5000]: `sum q*2e4*s*(p-m+_j)/m_j / sum q`',
    'real', 'no usable trade', 'Huang & Stoll 1996',
  ],
  price_impact_bps_60s: [
    'trades with tau_j in (tau-65000, tau-5000]: `sum q*2e4*s*(m+_j-m_j)/m_j / sum q`',
    'real', 'no usable trade', 'Huang & Stoll 1996; markout / adverse selection',
  ],
  rvol_60s_bps: ['`sqrt(RV)`', '>= 0', '< 10 returns', 'Andersen & Bollerslev 1998'],
  rvol_event_60s_bps: ['`sqrt(RVe)`', '>= 0', 'n_e < 10', 'Andersen & Bollerslev 1998'],
  bvol_60s_bps: ['`sqrt(BPV)`', '>= 0', '< 10 pairs', 'Barndorff-Nielsen & Shephard 2004'],
  jump_ratio_60s: [
    '`max(0, 1 - BPV/RV)`',
    '[0,1]', 'RV = 0; < 10 pairs or returns', 'Huang & Tauchen 2005',
  ],
  noise_var_60s: [
    '`RVe/(2*n_e)`',
    '>= 0', 'n_e < 10', 'Bandi & Russell 2006; Zhang, Mykland & Ait-Sahalia 2005',
  ],
  noise_ratio_60s: [
    '`RVe/RV5`, `RV5 = sum of (5-bucket return)^2` over buckets b of the window with (b+1) ' +
      'mod 5 = 0 (return from b-5 to b)',
    '>= 0', 'n_e < 10; < 6 five-second returns; RV5 = 0',
    'volatility signature: Andersen et al. 2000',
  ],
  variance_ratio_60s: [
    '`v5/(5*v1)`: mu = mean r; v1 = mean (r-mu)^2; v5 = mean (w-5mu)^2 over all ' +
      'overlapping sums w of 5 adjacent finite r_b of the window',
    '>= 0', '< 20 returns; degenerate; no w', 'Lo & MacKinlay 1988 (no bias correction)',
  ],
  roll_spread_bps_60s: [
    'trades in 60 s, price changes D_j (ticks) between adjacent trades, >= 10 of them; `c ' +
      '= mean of D_j*D_{j-1}`; `1e4*2*sqrt(-c)/(M/2)` if c <= 0',
    '>= 0', '< 10 changes; c > 0; not two-sided', 'Roll 1984 (uncentered)',
  ],
  ret_autocorr_60s: [
    'Pearson corr of (r_{b-1}, r_b), adjacent finite pairs of the window',
    '[-1,1]', '< 20 pairs; degenerate', 'Campbell, Lo & MacKinlay 1997',
  ],
  ewm_vol_30s_bps: [
    '`sqrt(sum w*r_b^2 / sum w)`, `w = 2^(-(B-1-b)/30)`, all closed buckets since f',
    '>= 0', '< 10 returns', 'RiskMetrics 1996',
  ],
  vpin: [
    '`sum abs(vb-vs) / (n*V)` over the last n volume buckets',
    '[0,1]', '< 10 buckets', "Easley, Lopez de Prado & O'Hara 2012, Review of Financial Studies",
  ],
  vpin_bvc: [
    '`mean abs(erf(D_i/(sigma*sqrt 2)))`',
    '[0,1)', '< 10 price changes; degenerate',
    "Easley, Lopez de Prado & O'Hara 2012 (bulk volume classification)",
  ],
  vpin_cdf: [
    'share of the VPIN values taken at each bucket completion (last 200, current included) ' +
      'that are <= the current one',
    '(0,1]', '< 20 values', "Easley, Lopez de Prado & O'Hara 2012 (CDF of VPIN)",
  ],
  bucket_imb: [
    '`imb(vb, vs)` of the open bucket',
    '[-1,1]', 'open bucket empty', "Easley, Lopez de Prado & O'Hara 2012 (CDF of VPIN)",
  ],
  bucket_ms: [
    'completing time - first time of the last completed bucket',
    'integer >= 0', 'no bucket',
    "Easley, Lopez de Prado & O'Hara 2012 (speed of the volume clock)",
  ],
  bid_cluster_count: ['number of clusters of bids', 'integer >= 0', '< 8 levels', 'own definition'],
  ask_cluster_count: ['number of clusters of asks', 'integer >= 0', '< 8 levels', 'own definition'],
  bid_cluster_dist_bps: [
    'nearest cluster of bids: `sum q*d / sum q`, `d = 1e4*h(p)/M`',
    '> 0', 'no cluster; not two-sided', 'own definition',
  ],
  ask_cluster_dist_bps: [
    'nearest cluster of asks: `sum q*d / sum q`, `d = 1e4*h(p)/M`',
    '> 0', 'no cluster; not two-sided', 'own definition',
  ],
  bid_cluster_share: [
    'lots of the largest cluster of bids / lots of the bids considered; 0 without a cluster',
    '[0,1]', '< 8 levels', 'own definition',
  ],
  ask_cluster_share: [
    'lots of the largest cluster of asks / lots of the asks considered; 0 without a cluster',
    '[0,1]', '< 8 levels', 'own definition',
  ],
  bid_cluster_age_ms: [
    'persistence of the largest cluster of bids',
    'integer >= 0', 'no cluster', 'own definition',
  ],
  ask_cluster_age_ms: [
    'persistence of the largest cluster of asks',
    'integer >= 0', 'no cluster', 'own definition',
  ],
  cluster_turnover_10s: [
    'sum over delta rows in 10 s of the prices that entered or left the heavy set since ' +
      'the row before, both sides; an undefined set counts as empty',
    'integer >= 0', 'never', 'own definition',
  ],
  bid_wall_ratio: ['`max q / med` over the first 50 bids', '>= 1', '< 3 levels', 'own definition'],
  ask_wall_ratio: ['`max q / med` over the first 50 asks', '>= 1', '< 3 levels', 'own definition'],
  bid_hole_ticks_20: [
    'largest gap in ticks between adjacent levels among the first 20 bids',
    'integer >= 1', '< 2 levels', 'liquidity holes: Bouchaud, Farmer & Lillo 2009 (book gaps)',
  ],
  ask_hole_ticks_20: [
    'largest gap in ticks between adjacent levels among the first 20 asks',
    'integer >= 1', '< 2 levels', 'liquidity holes: Bouchaud, Farmer & Lillo 2009 (book gaps)',
  ],
  bid_hhi_20: [
    '`sum (q/sum q)^2` over the first 20 bids',
    '[1/20,1]', 'empty side', 'Herfindahl-Hirschman index',
  ],
  ask_hhi_20: [
    '`sum (q/sum q)^2` over the first 20 asks',
    '[1/20,1]', 'empty side', 'Herfindahl-Hirschman index',
  ],
  density_ratio: [
    '`5*Q(w)/Q(5w)`, Q(x) = lots of both sides with `h <= 2*x`, w = bandTicks',
    '[0,5]', 'not two-sided; Q(5w) = 0', 'own definition',
  ],
  hotspot_dist_bps_10s: [
    '`1e4*(2p-M)/M`, signed, of the (side, price) with most activity; of equal ones the ' +
      'smaller h(p), then the bid',
    'real', 'no activity; not two-sided', 'own definition',
  ],
  hotspot_share_10s: [
    'activity of that (side, price) / all activity',
    '(0,1]', 'no activity', 'own definition',
  ],
  add_bid_10s: [
    'sum of bid adds in 10 s, times step',
    '>= 0', 'never', 'Cont, Stoikov & Talreja 2010 (limit/cancel/market rates)',
  ],
  add_ask_10s: [
    'sum of ask adds in 10 s, times step',
    '>= 0', 'never', 'Cont, Stoikov & Talreja 2010 (limit/cancel/market rates)',
  ],
  cancel_bid_10s: [
    'sum of bid cancels in 10 s, times step',
    '>= 0', 'never', 'Cont, Stoikov & Talreja 2010 (limit/cancel/market rates)',
  ],
  cancel_ask_10s: [
    'sum of ask cancels in 10 s, times step',
    '>= 0', 'never', 'Cont, Stoikov & Talreja 2010 (limit/cancel/market rates)',
  ],
  fill_bid_10s: [
    'sum of bid fills in 10 s, times step',
    '>= 0', 'never', 'Cont, Stoikov & Talreja 2010 (limit/cancel/market rates)',
  ],
  fill_ask_10s: [
    'sum of ask fills in 10 s, times step',
    '>= 0', 'never', 'Cont, Stoikov & Talreja 2010 (limit/cancel/market rates)',
  ],
  cancel_imb_10s: [
    '`imb(cancel_ask, cancel_bid)` over 10 s; above 0 asks are being pulled',
    '[-1,1]', 'no cancels', 'after Cont et al. 2014',
  ],
  fill_ratio_10s: [
    '`fills/(fills+cancels)` over 10 s, both sides',
    '[0,1]', 'no fills nor cancels', 'Hasbrouck & Saar 2009 (fill rates)',
  ],
  unmatched_share_10s: [
    '`U/(U+fills)`, U = unmatched lots in 10 s',
    '[0,1]', 'neither unmatched lots nor fills', 'hidden volume: Hautsch & Huang 2012',
  ],
  lvl_life_median_60s: [
    'lower median of uncensored lifetimes of levels that died in 60 s',
    'integer >= 0', '< 5 deaths', 'own definition',
  ],
  fleeting_share_60s: [
    'share of the deaths in 60 s whose kind is cancel and whose lifetime is at most 2000 ms',
    '[0,1]', '< 5 deaths', 'Hasbrouck & Saar 2009 (fleeting orders: canceled within 2 s)',
  ],
  rest_cancel_ms_60s: [
    'mean resting time, weighted by volume, of uncensored volume canceled in 60 s',
    '>= 0', 'no such volume', 'Hasbrouck & Saar 2009',
  ],
  rest_fill_ms_60s: [
    'mean resting time, weighted by volume, of uncensored volume filled in 60 s',
    '>= 0', 'none', 'Hasbrouck & Saar 2009',
  ],
  bid_age_depth_10: [
    '`sum_{i<=10} B_i*(1 - 2^(-age_i/5000))`, times step',
    '>= 0', 'never', 'own definition',
  ],
  ask_age_depth_10: [
    '`sum_{i<=10} A_i*(1 - 2^(-age_i/5000))`, times step',
    '>= 0', 'never', 'own definition',
  ],
  support_strength: ['maximal support score', '>= 0', 'no bids', 'own definition'],
  support_dist_bps: [
    '`1e4*h(p)/M` of the level with that score',
    '> 0', 'no bids; not two-sided', 'own definition',
  ],
  resistance_strength: ['maximal resistance score', '>= 0', 'no asks', 'own definition'],
  resistance_dist_bps: [
    '`1e4*h(p)/M` of the level with that score',
    '> 0', 'no asks; not two-sided', 'own definition',
  ],
  spoof_bid_60s: [
    '`min(1, sum a0 of bid spoof events in 60 s / sum of bid adds in 60 s)`',
    '[0,1]', 'no bid adds', 'Lee, Eom & Park 2013; Dodd-Frank 747',
  ],
  spoof_ask_60s: [
    '`min(1, sum a0 of ask spoof events in 60 s / sum of ask adds in 60 s)`',
    '[0,1]', 'no ask adds', 'Lee, Eom & Park 2013; Dodd-Frank 747',
  ],
  layer_bid_5s: [
    'number n of distinct prices among the bid layer events in 5 s; 0 if n < 3, if n is ' +
      'less than twice the number of the ask side, or if no taker buy came between the ' +
      'earliest adding message of these events and the current message',
    '0 or >= 3', 'never', 'CDR (EU) 2016/522 Annex II; FINRA 5210',
  ],
  layer_ask_5s: [
    'number n of distinct prices among the ask layer events in 5 s; 0 if n < 3, if n is ' +
      'less than twice the number of the bid side, or if no taker sell came between the ' +
      'earliest adding message of these events and the current message',
    '0 or >= 3', 'never', 'CDR (EU) 2016/522 Annex II; FINRA 5210',
  ],
  stuffing_score: [
    '`(x-mu)/sd`: x = entries in 1 s; mu and sd of entries per bucket over buckets ' +
      'max(f,B-300)..B-1; entries = items of the messages of rows that are no snapshots; ' +
      'suspicious at 20 and above',
    'real', '< 30 buckets; degenerate',
    'Egginton, Van Ness & Van Ness 2016, Financial Management',
  ],
  otr_60s: [
    'entries in 60 s / max(1, trades in 60 s)',
    '>= 0', 'never', 'order-to-trade ratio, MiFID II RTS 9',
  ],
  flicker_10s: [
    'changes of a best price in 10 s that return, within 1000 ms, to the price before the ' +
      'change before; both sides; neither of the two new prices absent',
    'integer >= 0', 'never', 'Baruch & Glosten 2013 (flickering quotes)',
  ],
  manip_score: [
    'largest, of those that are not NaN, of spoof_bid_60s, spoof_ask_60s, min(1, ' +
      'layer_bid_5s/50), min(1, layer_ask_5s/50), clip(stuffing_score/20, 0, 1)',
    '[0,1]', 'never', 'own definition',
  ],
  imb_5_ewm_5s: [
    '`sum w*x / sum w`, `w = 2^(-(tau-tau_j)/5000)`, all rows since start with finite imb_5',
    '[-1,1]', 'no finite value', 'Eckner 2014 (irregular EWMA)',
  ],
  imb_5_mean_10s: ['mean of imb_5, 10 s', '[-1,1]', 'no value', 'own definition'],
  imb_5_std_10s: [
    'population standard deviation of imb_5, 10 s',
    '[0,1]', '< 2 values', 'own definition',
  ],
  imb_5_skew_10s: [
    'population skewness of imb_5, 10 s',
    'real', '< 3 values; degenerate', 'own definition',
  ],
  spread_bps_mean_60s: ['mean of spread_bps, 60 s', '> 0', 'no value', 'own definition'],
  spread_bps_std_60s: [
    'population standard deviation of spread_bps, 60 s',
    '>= 0', '< 2 values', 'own definition',
  ],
  ret_skew_60s: [
    'population skewness of the finite r_b of buckets max(f,B-60)..B-1',
    'real', '< 10 returns; degenerate', 'Amaya et al. 2015 (realized skewness)',
  ],
  mid_roc_1s_bps: [
    '`1e4*log1p((M-M0)/M0)`, M0 = mid state at tau-1000',
    'real', 'either mid missing', 'own definition',
  ],
  mid_roc_10s_bps: [
    '`1e4*log1p((M-M0)/M0)`, M0 = mid state at tau-10000',
    'real', 'either mid missing', 'own definition',
  ],
  depth_20_roc_10s: [
    '`ln(D(tau)/D(tau-10000))`, D = bid_depth_20 + ask_depth_20',
    'real', 'no row then; a depth of 0', 'own definition',
  ],
  mid_accel_1s_bps: [
    '`1e4*[log1p((M-M1)/M1) - log1p((M1-M2)/M2)]`, M1, M2 = mid states at tau-1000, ' +
      'tau-2000',
    'real', 'a mid missing', 'own definition',
  ],
  imb_5_accel_1s: [
    '`x(tau) - 2*x(tau-1000) + x(tau-2000)`, x = imb_5',
    '[-4,4]', 'a value missing', 'own definition',
  ],
  corr_leader_60s: ['`rho(r_L, r_s, 0)`', '[-1,1]', '< 20 pairs; degenerate', 'own definition'],
  beta_leader_60s: [
    'OLS slope of r_s on r_L, same pairs',
    'real', '< 20 pairs; degenerate', 'common definition',
  ],
  leadlag_corr_60s: [
    '`rho(r_L, r_s, 1)`: leader one second earlier',
    '[-1,1]', '< 20 pairs; degenerate', 'Huth & Abergel 2014',
  ],
  leadlag_ratio_60s: [
    '`sum_{l=1..5} rho(r_L,r_s,l)^2 / sum_{l=1..5} rho(r_s,r_L,l)^2` (> 1: the leader ' +
      'leads)',
    '>= 0', 'a rho missing; denominator 0', 'Huth & Abergel 2014 (LLR), J. Empirical Finance',
  ],
  idio_ret_10s_bps: [
    '`R_s - beta*R_L`, R = 1e4*log1p of the mid from bucket BG-11 to BG-1',
    'real', 'a mid or beta missing', 'common definition',
  ],
  xcorr_mean_60s: [
    'mean of `rho(r_k, r_s, 0)` over the other symbols k where it is defined',
    '[-1,1]', 'no rho defined', 'own definition',
  ],
  breadth_10s: [
    '(symbols whose mid rose - fell)/(symbols with both mids), from bucket BG-11 to BG-1',
    '[-1,1]', 'no symbol with both mids', 'market breadth',
  ],
  xv_basis_bps: [
    '`1e4*(m_B - m_A)/m_A`, m_B = last mid of exchange B at or before the global clock',
    'real', 'either not two-sided; B older than 2000 ms', 'own definition',
  ],
  xv_edge_bps: [
    '`1e4*max(bid_B - ask_A, bid_A - ask_B)/m_A - feeBps` (feeBps = sum of both taker fees)',
    'real', 'either not two-sided; B older than 2000 ms', 'own definition',
  ],
  z_imb_5: [
    'robust z of imb_5',
    '[-10,10]', '< 20 samples; no value now; scale 0', 'Iglewicz & Hoaglin 1993 (modified z)',
  ],
  z_spread_ticks: [
    'robust z of spread_ticks',
    '[-10,10]', '< 20 samples; no value now; scale 0', 'Iglewicz & Hoaglin 1993 (modified z)',
  ],
  z_depth_20: [
    'robust z of `ln(bid_depth_20 + ask_depth_20)`',
    '[-10,10]', '< 20 samples; no value now; scale 0', 'Iglewicz & Hoaglin 1993 (modified z)',
  ],
  z_ofi_1s: [
    'robust z of ofi_1s',
    '[-10,10]', '< 20 samples; no value now; scale 0', 'Iglewicz & Hoaglin 1993 (modified z)',
  ],
  z_volume_delta_10s: [
    'robust z of volume_delta_10s',
    '[-10,10]', '< 20 samples; no value now; scale 0', 'Iglewicz & Hoaglin 1993 (modified z)',
  ],
  dyn_thr_imb_5: [
    '`min(0.95, max(0.15, m + 2*scale))` with m and scale of abs(imb_5); a zero scale ' +
      'counts as 0',
    '[0.15,0.95]', '< 20 samples', 'own definition',
  ],
  dyn_sig_imb_5: [
    'sign(imb_5) if abs(imb_5) > dyn_thr_imb_5, else 0',
    '{-1,0,1}', 'threshold or imb_5 NaN', 'own definition',
  ],
}

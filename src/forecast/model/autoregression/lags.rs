//! Which lags an autoregression has.

/// The most recent lags.
const MOST_RECENT: usize = 6;

/// The most lags of recent values where there is no season.
const RECENT_WITHOUT_SEASON: usize = 4;

/// How many responses a coefficient has at least.
const RESPONSES: usize = 4;

/// Lists the lags, ascending: recent ones, and those at each season and about it.
pub(super) fn lags(periods: &[f64], values: usize, regressors: usize) -> Vec<usize> {
    let seasons = periods.iter().map(|period| period.round());
    let seasons = seasons.filter(|period| (2.0..=values as f64 / 2.0).contains(period));
    let seasons: Vec<usize> = seasons.map(|period| period as usize).collect();
    let recent = match seasons.iter().min() {
        Some(shortest) => (shortest / 4).clamp(1, MOST_RECENT),
        None => RECENT_WITHOUT_SEASON,
    };
    let mut lags: Vec<usize> = (1..=recent).collect();
    for (i, &season) in seasons.iter().enumerate() {
        let about = match season {
            0..4 => 0,
            4..24 => 1,
            _ => 2,
        };
        lags.extend(season - about..=season + about);
        if i == 0 {
            lags.extend([2 * season, 2 * season + 1]);
        }
    }
    lags.sort_unstable();
    lags.dedup();
    let fits = |lags: &[usize]| {
        let longest = lags.last().copied().unwrap_or(0);
        values >= longest + RESPONSES * (lags.len() + regressors + 1)
    };
    while lags.len() > 1 && !fits(&lags) {
        lags.pop();
    }
    lags
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lags_lie_about_each_season() {
        let hourly = [
            1, 2, 3, 4, 5, 6, 22, 23, 24, 25, 26, 48, 49, 166, 167, 168, 169, 170,
        ];
        assert_eq!(lags(&[24.0, 168.0], 700, 0), hourly);
        assert_eq!(lags(&[12.0], 100, 0), [1, 2, 3, 11, 12, 13, 24, 25]);
        assert_eq!(lags(&[], 100, 0), [1, 2, 3, 4]);
        assert_eq!(lags(&[12.0], 50, 0), [1, 2, 3, 11, 12, 13]);
        assert_eq!(lags(&[12.0], 8, 0), [1]);
        assert_eq!(lags(&[f64::NAN, -3.0], 8, 0), [1]);
    }
}

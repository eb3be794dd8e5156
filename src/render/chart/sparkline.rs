/// Draws numbers as blocks of eight heights, from their least to their
/// greatest; more than `columns` are averaged. What is not finite is a space,
/// numbers that are all equal stand at half height.
pub(in crate::render) fn sparkline(values: &[f64], columns: usize) -> String {
    const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let columns = columns.min(values.len());
    let means: Vec<Option<f64>> = (0..columns)
        .map(|column| {
            let bucket = column * values.len() / columns..(column + 1) * values.len() / columns;
            let finite: Vec<f64> = values[bucket]
                .iter()
                .copied()
                .filter(|v| v.is_finite())
                .collect();
            let count = finite.len() as f64;
            (count > 0.0).then(|| finite.iter().map(|v| v / count).sum())
        })
        .collect();
    let known = || means.iter().flatten();
    let low = known().copied().fold(f64::INFINITY, f64::min);
    let high = known().copied().fold(f64::NEG_INFINITY, f64::max);
    means
        .iter()
        .map(|mean| match mean {
            None => ' ',
            Some(_) if high <= low => BLOCKS[3],
            Some(mean) => {
                // Halves, since the difference of two huge numbers is infinite.
                let share = (mean / 2.0 - low / 2.0) / (high / 2.0 - low / 2.0);
                BLOCKS[((share * 7.0).round().max(0.0) as usize).min(7)]
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_heights() {
        assert_eq!(sparkline(&[0., 1., 2., 3., 4., 5., 6., 7.], 24), "▁▂▃▄▅▆▇█");
        assert_eq!(sparkline(&[1.0, f64::NAN, 3.0], 24), "▁ █");
        assert_eq!(sparkline(&[2.0, 2.0], 24), "▄▄");
        assert_eq!(sparkline(&[0.0, 0.0, 4.0, 4.0], 2), "▁█");
        assert_eq!(sparkline(&[], 24), "");
        assert_eq!(sparkline(&[f64::MAX, f64::MIN], 24), "█▁");
    }
}

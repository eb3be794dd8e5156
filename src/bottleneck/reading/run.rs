/// The run of values whose mean stands out most, upwards or downwards.
pub(super) fn worst(values: &[f64], up: bool) -> Option<(usize, usize)> {
    let known: Vec<usize> = (0..values.len())
        .filter(|&k| values[k].is_finite())
        .collect();
    let n = known.len();
    if n < 3 {
        return None;
    }
    let mut sums = vec![0.0];
    for &k in &known {
        sums.push(sums[sums.len() - 1] + values[k]);
    }
    let total = sums[n];
    let mut best: Option<(f64, usize, usize)> = None;
    for from in 0..n {
        for to in from + 1..=n {
            let inside = (to - from) as f64;
            let outside = n as f64 - inside;
            if outside == 0.0 {
                continue;
            }
            let sum = sums[to] - sums[from];
            let step = sum / inside - (total - sum) / outside;
            let step = if up { step } else { -step };
            // Twice the log likelihood ratio of a step at a common variance grows with this.
            let score = step * (inside * outside / n as f64).sqrt();
            if best.is_none_or(|(most, ..)| score > most) {
                best = Some((score, from, to));
            }
        }
    }
    best.filter(|(score, ..)| *score > 0.0)
        .map(|(_, from, to)| (known[from], known[to - 1] + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_run_that_stands_out_is_found() {
        assert_eq!(worst(&[1.0, 1.1, 5.0, 6.0, 1.0], true), Some((2, 4)));
        assert_eq!(
            worst(&[100.0, 100.0, 97.0, f64::NAN, 96.0], false),
            Some((2, 5))
        );
        assert_eq!(worst(&[1.0, 1.0, 1.0], true), None);
        assert_eq!(worst(&[1.0, 2.0], true), None);
    }
}

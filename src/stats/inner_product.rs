//! The inner product, quick on long vectors.

/// Σ aᵢ bᵢ over the shorter of two vectors, in eight sums that the processor can keep apart.
pub(crate) fn inner_product(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; 8];
    let length = a.len().min(b.len());
    let (a, b) = (&a[..length], &b[..length]);
    let (a_blocks, b_blocks) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest = a_blocks.remainder().iter().zip(b_blocks.remainder());
    let rest: f64 = rest.map(|(x, y)| x * y).sum();
    for (x, y) in a_blocks.zip(b_blocks) {
        for i in 0..8 {
            sums[i] += x[i] * y[i];
        }
    }
    rest + sums.iter().sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_counts_every_term() {
        for length in 0..40_u32 {
            let a: Vec<f64> = (1..=length).map(f64::from).collect();
            // 1² + 2² + … + n².
            let n = f64::from(length);
            let want = n * (n + 1.0) * (2.0 * n + 1.0) / 6.0;
            assert_eq!(inner_product(&a, &a), want);
            assert_eq!(inner_product(&a, &[]), 0.0);
        }
    }
}

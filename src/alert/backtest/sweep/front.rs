//! The Pareto front.

/// Tells which points no other point dominates; a point is its pages a week, its recall and its
/// delay.
///
/// A point dominates another where it has no more pages, no less recall and no
/// more delay, and is better in one of them. A figure that is missing (NaN, or
/// no delay) is worse than any other; points that are equal do not dominate
/// each other.
pub fn pareto(points: &[(f64, f64, Option<f64>)]) -> Vec<bool> {
    // All three to be small.
    let costs: Vec<[f64; 3]> = points
        .iter()
        .map(|(pages, recall, delay)| {
            let worst = |cost: f64| if cost.is_nan() { f64::INFINITY } else { cost };
            [
                worst(*pages),
                worst(-recall),
                worst(delay.unwrap_or(f64::NAN)),
            ]
        })
        .collect();
    let dominates =
        |a: &[f64; 3], b: &[f64; 3]| a != b && a.iter().zip(b).all(|(of_a, of_b)| of_a <= of_b);
    costs
        .iter()
        .map(|one| !costs.iter().any(|other| dominates(other, one)))
        .collect()
}

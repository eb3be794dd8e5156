//! Optimal partitioning for changes in mean by functional pruning (FPOP).
//!
//! For every mean μ of the last segment, only the candidate that is cheapest there is kept:
//! pieces of the μ axis, each with the last change that wins in it. Two candidates differ by
//! a quadratic of μ that does not depend on what comes later, so that a loss is final. A
//! candidate enters when its segment has its minimum length.

/// A piece of the μ axis, from where the piece before ends.
#[derive(Debug, Clone, Copy)]
struct Piece {
    high: f64,
    /// The last change.
    change: usize,
}

/// Returns the first indices of all segments but the first: of the segmentation with the
/// least Σ (squares around the segment's mean) + `penalty` · (changes).
pub(super) fn changes(values: &[f64], penalty: f64, minimum: usize) -> Vec<usize> {
    let n = values.len();
    if n / 2 < minimum {
        return Vec::new();
    }
    let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
    let mut sums = Vec::with_capacity(n + 1);
    let mut sum = 0.0;
    sums.push(0.0);
    for value in values {
        least = least.min(*value);
        most = most.max(*value);
        sum += value;
        sums.push(sum);
    }
    // The least cost of the first t values, without their sum of squares; with the
    // penalty of the change at t.
    let mut costs = vec![f64::INFINITY; n + 1];
    costs[0] = 0.0;
    let mut previous = vec![0_usize; n + 1];
    let mut pieces = vec![Piece {
        high: most,
        change: 0,
    }];
    let mut next: Vec<Piece> = Vec::new();
    for t in minimum..=n {
        let candidate = t - minimum;
        if candidate >= minimum {
            enter(&pieces, &mut next, candidate, least, &costs, &sums);
            std::mem::swap(&mut pieces, &mut next);
        }
        let (mut best, mut change) = (f64::INFINITY, 0);
        let mut low = least;
        for piece in &pieces {
            let count = (t - piece.change) as f64;
            let sum = sums[t] - sums[piece.change];
            let mean = (sum / count).max(low).min(piece.high);
            let cost = costs[piece.change] + mean * (count * mean - 2.0 * sum);
            if cost < best {
                (best, change) = (cost, piece.change);
            }
            low = piece.high;
        }
        costs[t] = best + penalty;
        previous[t] = change;
    }
    let mut starts = Vec::new();
    let mut at = previous[n];
    while at > 0 {
        starts.push(at);
        at = previous[at];
    }
    starts.reverse();
    starts
}

/// Gives the new candidate the parts of the pieces where it is cheaper: outside the roots of
/// the difference, since the older candidate's parabola is the narrower one.
fn enter(
    pieces: &[Piece],
    next: &mut Vec<Piece>,
    candidate: usize,
    least: f64,
    costs: &[f64],
    sums: &[f64],
) {
    next.clear();
    let mut push = |high: f64, change: usize, low: f64| {
        if high > low || next.is_empty() {
            match next.last_mut() {
                Some(last) if last.change == change => last.high = high,
                _ => next.push(Piece { high, change }),
            }
        }
    };
    let mut low = least;
    for piece in pieces {
        let count = (candidate - piece.change) as f64;
        let centre = (sums[candidate] - sums[piece.change]) / count;
        let gap = (costs[candidate] - costs[piece.change]) / count;
        let square = centre * centre + gap;
        if square > 0.0 {
            let width = square.sqrt();
            let (from, to) = (centre - width, centre + width);
            if to > low && from < piece.high {
                if from > low {
                    push(from, candidate, low);
                }
                push(to.min(piece.high), piece.change, from.max(low));
                if to < piece.high {
                    push(piece.high, candidate, to);
                }
                low = piece.high;
                continue;
            }
        }
        push(piece.high, candidate, low);
        low = piece.high;
    }
}

//! Pairs points of two sides one to one, the nearest in time first.
//!
//! A round pairs points that share a key. Those of one instant come first, in
//! their order; then, again and again, the two that are the nearest. In a
//! list sorted by time these are neighbours, so that a heap of neighbours suffices:
//! O(n log n). Ties are broken by what does not depend on which side is which: the
//! earlier pair, then the lower numbers.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// How far apart two may be that share nothing in time, µs: an hour.
const NEAR: u64 = 3_600_000_000;

/// Something with a place in time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Point {
    /// When it is, µs.
    pub(super) ts: i64,
    /// What it tells of: its beginning and end, µs.
    pub(super) span: (i64, i64),
}

/// Which points may pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// Those whose spans overlap, however far apart they are.
    Overlap,
    /// Those at most an hour apart.
    Near,
}

/// Two sides, and who has found a partner.
pub(super) struct Pairing {
    points: [Vec<Point>; 2],
    partners: [Vec<Option<usize>>; 2],
}

/// A point in the list of one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Node {
    key: u32,
    ts: i64,
    side: usize,
    point: usize,
}

/// The order in which pairs are taken: distance, place in time, numbers.
type Cost = (u64, i128, usize, [usize; 2]);

impl Pairing {
    pub(super) fn new(points: [Vec<Point>; 2]) -> Self {
        let partners = [vec![None; points[0].len()], vec![None; points[1].len()]];
        Self { points, partners }
    }

    /// Whether a point of a side has no partner.
    pub(super) fn is_free(&self, side: usize, point: usize) -> bool {
        self.partners[side][point].is_none()
    }

    /// For each point of a side, its partner.
    pub(super) fn partners(&self, side: usize) -> &[Option<usize>] {
        &self.partners[side]
    }

    /// Pairs free points that share one of their keys.
    pub(super) fn round(&mut self, mut keys: impl FnMut(usize, usize) -> Vec<u32>, reach: Reach) {
        let mut nodes = Vec::new();
        for side in [0, 1] {
            for point in 0..self.points[side].len() {
                if self.is_free(side, point) {
                    let ts = self.points[side][point].ts;
                    nodes.extend(keys(side, point).into_iter().map(|key| Node {
                        key,
                        ts,
                        side,
                        point,
                    }));
                }
            }
        }
        nodes.sort_unstable();
        nodes.dedup();
        self.same_instant(&nodes, reach);
        nodes.retain(|node| self.is_free(node.side, node.point));
        self.nearest(&nodes, reach);
    }

    fn same_instant(&mut self, nodes: &[Node], reach: Reach) {
        loop {
            let mut pairs: Vec<Cost> = Vec::new();
            for group in nodes.chunk_by(|a, b| (a.key, a.ts) == (b.key, b.ts)) {
                let first = group.partition_point(|node| node.side == 0);
                let free = |nodes: &[Node]| -> Vec<usize> {
                    let free = nodes.iter().filter(|n| self.is_free(n.side, n.point));
                    free.map(|node| node.point).collect()
                };
                let (base, new) = (free(&group[..first]), free(&group[first..]));
                pairs.extend(
                    base.into_iter()
                        .zip(new)
                        .filter(|(base, new)| self.may_pair([*base, *new], reach))
                        .map(|(base, new)| self.cost([base, new])),
                );
            }
            pairs.sort_unstable();
            let before = pairs.len();
            pairs.retain(|(.., pair)| self.join(*pair));
            if pairs.is_empty() || pairs.len() == before {
                break;
            }
        }
    }

    fn nearest(&mut self, nodes: &[Node], reach: Reach) {
        let count = nodes.len();
        let share = |a: usize, b: usize| nodes[a].key == nodes[b].key;
        let mut previous: Vec<Option<usize>> = (0..count)
            .map(|at| at.checked_sub(1).filter(|before| share(*before, at)))
            .collect();
        let mut next: Vec<Option<usize>> = (0..count)
            .map(|at| Some(at + 1).filter(|after| *after < count && share(at, *after)))
            .collect();
        let mut places = [0, 1].map(|side| vec![Vec::new(); self.points[side].len()]);
        for (at, node) in nodes.iter().enumerate() {
            places[node.side][node.point].push(at);
        }
        let mut heap = BinaryHeap::new();
        for at in 0..count {
            if let Some(after) = next[at] {
                heap.extend(self.neighbours(nodes[at], nodes[after], reach));
            }
        }
        while let Some(Reverse((.., pair))) = heap.pop() {
            if !self.join(pair) {
                continue;
            }
            for side in [0, 1] {
                for &at in &places[side][pair[side]] {
                    let (before, after) = (previous[at], next[at]);
                    if let Some(before) = before {
                        next[before] = after;
                    }
                    if let Some(after) = after {
                        previous[after] = before;
                    }
                    if let (Some(before), Some(after)) = (before, after) {
                        heap.extend(self.neighbours(nodes[before], nodes[after], reach));
                    }
                }
            }
        }
    }

    fn neighbours(&self, a: Node, b: Node, reach: Reach) -> Option<Reverse<Cost>> {
        let pair = match (a.side, b.side) {
            (0, 1) => [a.point, b.point],
            (1, 0) => [b.point, a.point],
            _ => return None,
        };
        let is_possible =
            self.is_free(0, pair[0]) && self.is_free(1, pair[1]) && self.may_pair(pair, reach);
        is_possible.then(|| Reverse(self.cost(pair)))
    }

    fn may_pair(&self, [base, new]: [usize; 2], reach: Reach) -> bool {
        let (a, b) = (self.points[0][base], self.points[1][new]);
        match reach {
            Reach::Overlap => a.span.0 <= b.span.1 && b.span.0 <= a.span.1,
            Reach::Near => a.ts.abs_diff(b.ts) <= NEAR,
        }
    }

    fn cost(&self, [base, new]: [usize; 2]) -> Cost {
        let (a, b) = (self.points[0][base].ts, self.points[1][new].ts);
        let place = i128::from(a) + i128::from(b);
        (a.abs_diff(b), place, base + new, [base, new])
    }

    /// Makes partners of two that are free; whether they were.
    fn join(&mut self, [base, new]: [usize; 2]) -> bool {
        let are_free = self.is_free(0, base) && self.is_free(1, new);
        if are_free {
            self.partners[0][base] = Some(new);
            self.partners[1][new] = Some(base);
        }
        are_free
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: &[i64]) -> Vec<Point> {
        let point = |m: &i64| Point {
            ts: m * 60_000_000,
            span: (m * 60_000_000, m * 60_000_000),
        };
        minutes.iter().map(point).collect()
    }

    #[test]
    fn the_nearest_pair_first_and_no_further_than_an_hour() {
        let mut pairing = Pairing::new([at(&[0, 10, 200]), at(&[8, 70, 261])]);
        pairing.round(|_, _| vec![0], Reach::Near);
        // 10 and 8 are the nearest; then 0 and 70 are more than an hour apart, as are 200 and 261.
        assert_eq!(pairing.partners(0), [None, Some(0), None]);
        assert_eq!(pairing.partners(1), [Some(1), None, None]);
    }

    #[test]
    fn of_one_instant_in_their_order_and_ties_the_earlier() {
        let mut pairing = Pairing::new([at(&[5, 5, 20, 40]), at(&[5, 5, 30])]);
        pairing.round(|_, _| vec![0], Reach::Near);
        assert_eq!(pairing.partners(0), [Some(0), Some(1), Some(2), None]);
    }

    #[test]
    fn several_keys_take_a_point_once() {
        // The new side's only point shares a key with both; the second is the nearer.
        let mut pairing = Pairing::new([at(&[0, 7]), at(&[5])]);
        pairing.round(
            |side, point| {
                if side == 1 {
                    vec![0, 1]
                } else {
                    vec![point as u32]
                }
            },
            Reach::Near,
        );
        assert_eq!(pairing.partners(0), [None, Some(0)]);
    }
}

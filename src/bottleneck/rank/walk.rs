use super::graph::Graph;
use crate::bottleneck::reading::Quantity;

/// Walks from a stage along the worst anomaly: the plain way that verdicts are held against.
///
/// At each stage it goes on to the neighbour (callee, or next stage) whose worst
/// quantity lies most spreads off, at least three, and ends where there is none.
/// Returns the stages in the order of suspicion: the end of the walk first.
pub(super) fn walk(graph: &Graph<'_>, from: usize, quantity: Option<Quantity>) -> Vec<usize> {
    let anomaly = |node: usize| {
        let Some(reading) = graph.nodes[node].reading else {
            return 0.0;
        };
        let looked = |q: Quantity| quantity.is_none_or(|wanted| wanted == q);
        reading
            .changes
            .iter()
            .filter(|c| looked(c.quantity))
            .map(|c| c.z.abs())
            .fold(0.0, f64::max)
    };
    let mut path = vec![from];
    let mut at = from;
    loop {
        let node = &graph.nodes[at];
        let neighbours = node
            .callees
            .iter()
            .map(|c| c.0)
            .chain(node.next.iter().copied());
        let next = neighbours
            .filter(|n| !path.contains(n))
            .map(|n| (n, anomaly(n)))
            .filter(|(_, z)| *z >= 3.0)
            .max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)));
        let Some((next, _)) = next else {
            break;
        };
        path.push(next);
        at = next;
    }
    path.reverse();
    path
}

//! Runs a trace again with an operation's own work shorter, what waits for what kept.
//!
//! A child begins as long after the last of the siblings that had ended before it (or after
//! its parent's begin) as it did; of that stretch, what no other child covers is the parent's
//! own work. A span ends as long after its last child as it did.

use super::Extent;
use super::tree::Tree;

impl Tree<'_> {
    /// How much shorter the trace would be, ns, if the own work of an operation took `factor`
    /// of its time.
    pub(super) fn saved_by(&self, extent: Extent, service: &str, name: &str, factor: f64) -> f64 {
        let is_it = |index: usize| self.nodes[index].operation() == (service, name);
        if !(0..self.nodes.len()).any(is_it) {
            return 0.0;
        }
        let count = self.nodes.len();
        let mut durations = vec![0.0; count];
        // Begins, from the parent's begin.
        let mut begins = vec![0.0; count];
        for &index in self.order.iter().rev() {
            let factor = if is_it(index) { factor } else { 1.0 };
            durations[index] = self.replay(index, factor, &durations, &mut begins);
        }
        // From the root's begin.
        let mut at = vec![0.0; count];
        let mut end = durations[self.root];
        for &index in &self.order {
            let Some(parent) = self.nodes[index].parent else {
                if index == self.root {
                    continue;
                }
                break;
            };
            let node = &self.nodes[index];
            let parent_end = self.nodes[parent].end;
            at[index] = at[parent]
                + if node.detached && node.start >= parent_end {
                    durations[parent] + node.start.saturating_sub(parent_end) as f64
                } else {
                    begins[index]
                };
            if node.detached && extent == Extent::Everything {
                end = f64::max(end, at[index] + durations[index]);
            }
        }
        (self.duration(extent) as f64 - end).max(0.0)
    }

    /// The new duration of a span, and the new begins of its children.
    fn replay(&self, index: usize, factor: f64, durations: &[f64], begins: &mut [f64]) -> f64 {
        let node = &self.nodes[index];
        let mut by_end: Vec<usize> = self.awaited(index).collect();
        by_end.sort_by_key(|&child| (self.nodes[child].end, self.nodes[child].start, child));
        let mut ended = by_end.iter().copied().peekable();
        let mut running = self.awaited(index).peekable();
        // The last end so far, as it was and as it is now.
        let (mut old_base, mut new_base) = (node.start, 0.0_f64);
        for &child in &node.children {
            let start = self.nodes[child].start;
            while let Some(&sibling) = ended.peek() {
                let end = self.nodes[sibling].end;
                // Of empty spans at one time, only those before it in the list.
                let later = self.nodes[sibling].start == start && sibling >= child;
                if end > start || later {
                    break;
                }
                old_base = old_base.max(end);
                new_base = new_base.max(begins[sibling] + durations[sibling]);
                ended.next();
            }
            while running
                .peek()
                .is_some_and(|&sibling| self.nodes[sibling].end <= start && sibling != child)
            {
                running.next();
            }
            // Whoever still runs has covered the stretch from its begin on.
            let covering = running.peek().map_or(start, |&s| self.nodes[s].start);
            let from = covering.clamp(old_base, start.max(old_base));
            let own = from.saturating_sub(old_base) as f64;
            let covered = start.saturating_sub(from).max(0) as f64;
            begins[child] = new_base + factor * own + covered;
        }
        for child in ended {
            old_base = old_base.max(self.nodes[child].end);
            new_base = new_base.max(begins[child] + durations[child]);
        }
        new_base + factor * node.end.saturating_sub(old_base).max(0) as f64
    }
}

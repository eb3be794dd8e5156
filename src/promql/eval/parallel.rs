//! Work on many series by all cores.

use std::thread;

/// Below this much work (samples and steps) threads cost more than they save.
const WORTH_A_THREAD: usize = 200_000;

/// Maps items in their order; `cost` is the work of one, in values touched.
pub(super) fn map<T: Sync, R: Send>(
    items: &[T],
    cost: impl Fn(&T) -> usize,
    work: impl Fn(&[T]) -> Vec<R> + Sync,
) -> Vec<R> {
    let total: usize = items.iter().map(&cost).sum();
    let threads = thread::available_parallelism()
        .map_or(1, usize::from)
        .min(total / WORTH_A_THREAD)
        .min(items.len());
    if threads <= 1 {
        return work(items);
    }
    // Cut where the work, not the count, is even.
    let mut parts = Vec::with_capacity(threads);
    let (mut from, mut done) = (0, 0);
    for (i, item) in items.iter().enumerate() {
        done += cost(item);
        if done * threads >= total * (parts.len() + 1) || i + 1 == items.len() {
            parts.push(&items[from..=i]);
            from = i + 1;
        }
    }
    let mut results = Vec::with_capacity(items.len());
    thread::scope(|scope| {
        let running: Vec<_> = parts
            .iter()
            .map(|part| scope.spawn(|| work(part)))
            .collect();
        for thread in running {
            match thread.join() {
                Ok(part) => results.extend(part),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
    });
    results
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_order() {
        let items: Vec<usize> = (0..1000).collect();
        let doubled = map(
            &items,
            |_| 10_000,
            |part| part.iter().map(|i| i * 2).collect(),
        );
        assert!(doubled.iter().enumerate().all(|(i, d)| *d == 2 * i));
        assert_eq!(doubled.len(), 1000);
        assert!(map(&[] as &[usize], |_| 1, |part| part.to_vec()).is_empty());
    }
}

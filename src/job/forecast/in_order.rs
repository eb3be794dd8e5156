//! Work on all cores whose results come in order.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError, mpsc};

/// Results that may wait for an earlier one, for each thread: what bounds the memory.
const AHEAD: usize = 16;

/// Does `work` for 0, 1, … on so many threads, and hands the results to `each` in that order.
///
/// An error of `each` ends it, once what is under way is done.
pub(super) fn in_order<T: Send, E>(
    count: usize,
    threads: usize,
    work: impl Fn(usize) -> T + Sync,
    mut each: impl FnMut(T) -> Result<(), E>,
) -> Result<(), E> {
    let threads = threads.clamp(1, count.max(1));
    let gate = Gate {
        state: Mutex::new(State {
            next: 0,
            open: (AHEAD * threads).min(count),
        }),
        opened: Condvar::new(),
    };
    std::thread::scope(|scope| {
        let (send, receive) = mpsc::channel();
        for _ in 0..threads {
            let (send, gate, work) = (send.clone(), &gate, &work);
            scope.spawn(move || {
                // A place that is lost in a panic would be waited for.
                let _closing = Closing { gate, count };
                while let Some(place) = gate.take(count) {
                    if send.send((place, work(place))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(send);
        let _closing = Closing { gate: &gate, count };
        let mut waiting = BTreeMap::new();
        let mut wanted = 0;
        for (place, done) in receive {
            waiting.insert(place, done);
            while let Some(done) = waiting.remove(&wanted) {
                wanted += 1;
                each(done)?;
                gate.open(count);
            }
        }
        Ok(())
    })
}

struct State {
    next: usize,
    /// Places below this may be begun.
    open: usize,
}

struct Gate {
    state: Mutex<State>,
    opened: Condvar,
}

impl Gate {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the next place, once it is open; `None` after the last.
    fn take(&self, count: usize) -> Option<usize> {
        let mut state = self.lock();
        while state.next < count && state.next >= state.open {
            state = self
                .opened
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        let place = state.next;
        state.next += 1;
        (place < count).then_some(place)
    }

    /// Opens one more place.
    fn open(&self, count: usize) {
        let mut state = self.lock();
        state.open = (state.open + 1).min(count);
        drop(state);
        self.opened.notify_one();
    }

    /// Lets nothing more begin.
    fn close(&self, count: usize) {
        self.lock().next = count;
        self.opened.notify_all();
    }
}

/// Closes the gate at the end, be it a panic: nobody waits for what does not come.
struct Closing<'a> {
    gate: &'a Gate,
    count: usize,
}

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        self.gate.close(self.count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_order() {
        for (count, threads) in [(0, 4), (1, 4), (500, 1), (500, 7)] {
            let mut seen = Vec::new();
            let work = |place: usize| {
                if place.is_multiple_of(5) {
                    std::thread::yield_now();
                }
                place
            };
            let result: Result<(), ()> = in_order(count, threads, work, |place| {
                seen.push(place);
                Ok(())
            });
            assert_eq!(result, Ok(()));
            assert!(seen.into_iter().eq(0..count));
        }
    }

    #[test]
    fn a_panic_ends_it() {
        for is_work in [true, false] {
            let stop = |place: usize| assert_ne!(place, 3, "on purpose");
            let ended = std::panic::catch_unwind(|| {
                let work = |place: usize| {
                    if is_work {
                        stop(place);
                    }
                    place
                };
                in_order(100_000, 3, work, |place| {
                    stop(place);
                    Ok::<(), ()>(())
                })
            });
            assert!(ended.is_err());
        }
    }

    #[test]
    fn an_error_ends_it() {
        let begun = Mutex::new(0);
        let work = |place: usize| {
            *begun.lock().expect("not poisoned") += 1;
            place
        };
        let stop = |place| if place == 3 { Err("full") } else { Ok(()) };
        assert_eq!(in_order(100_000, 3, work, stop), Err("full"));
        assert!(*begun.lock().expect("not poisoned") <= 4 + 2 * AHEAD * 3);
    }
}

//! The unit of the times in a file, by their size.

use super::super::number::{Decimal, MILLIS, SECONDS, parse_float};
use crate::ingest::RecordSink;
use crate::model::{TimestampUnit, Warning, guess_unit};

/// Below this an integer is seconds, as `guess_unit` has it.
const SECONDS_BELOW: u64 = 100_000_000_000;
const MILLIS_BELOW: u64 = SECONDS_BELOW * 1_000;

/// What the times of a file looked like, and what the file says of itself.
#[derive(Debug, Default)]
pub(super) struct Units {
    /// Something in the file is OpenMetrics only, so that times are seconds.
    pub(super) open_metrics: bool,
    fractions: bool,
    seconds: u64,
    finer: u64,
}

impl Units {
    /// Reads a time into µs.
    #[inline]
    pub(super) fn read(&mut self, text: &[u8]) -> Option<i64> {
        let Some((decimal, length)) = Decimal::scan(text) else {
            return self.long_or_exponent(text);
        };
        if length != text.len() {
            return self.long_or_exponent(text);
        }
        self.fractions |= decimal.scale > 0;
        let whole = decimal.whole();
        if whole < SECONDS_BELOW {
            self.seconds += 1;
            return decimal.shifted(SECONDS);
        }
        self.finer += 1;
        if whole < MILLIS_BELOW {
            return decimal.shifted(MILLIS);
        }
        let micros = decimal.shifted(0)?;
        guess_unit(micros as f64).to_micros(micros)
    }

    #[cold]
    fn long_or_exponent(&mut self, text: &[u8]) -> Option<i64> {
        let value = parse_float(text).filter(|value| value.is_finite())?;
        let unit = guess_unit(value);
        if unit == TimestampUnit::Seconds {
            self.seconds += 1;
        } else {
            self.finer += 1;
        }
        unit.float_to_micros(value)
    }

    /// Tells where the size of the times and the file's own signs disagree.
    pub(super) fn warn(&self, sink: &mut dyn RecordSink) {
        let says_seconds = self.open_metrics || self.fractions;
        let message = if self.finer > 0 && self.seconds > 0 {
            format!(
                "{} times are seconds by their size and {} are ms or finer: each was read by its size",
                self.seconds, self.finer
            )
        } else if self.finer > 0 && says_seconds {
            "the file is OpenMetrics, whose times are seconds, but by their size they are ms or finer: read by their size".into()
        } else if self.seconds > 0 && !says_seconds {
            "nothing says that the file is OpenMetrics, but by their size its times are seconds, not ms: read as seconds".into()
        } else {
            return;
        };
        sink.warn(Warning::new("timestamp-unit", message));
    }
}

//! One panel: axes, the lines of a few series over time, and what lies behind them.

use super::MARKERS;
use super::braille::Braille;
use super::canvas::{Canvas, Ink};
use super::scale::Scale;
use super::x_axis::{self, Along, Field};
use crate::report::{ChartBand, ChartMark, ChartSeries};

/// Rows below the plot: the axis, and its labels and what they are within.
const AXIS: usize = 1;
const LABELS: usize = 2;
/// Columns from one marker on a line to the next.
const MARKER_EVERY: usize = 18;

/// What stands in the column of a mark.
pub(super) const MARK: char = '┊';

/// How the dots of a band lie: a band within another is the denser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Texture {
    /// Each fourth dot.
    Sparse,
    /// Every other dot, as on a chessboard.
    Dense,
}

impl Texture {
    /// The texture of one of some bands.
    pub(super) fn of(nth: usize, bands: usize) -> Self {
        if nth + 1 == bands {
            Self::Dense
        } else {
            Self::Sparse
        }
    }

    fn has(self, x: usize, y: usize) -> bool {
        match self {
            Self::Sparse => x % 4 == y % 2 * 2,
            Self::Dense => x % 2 == y % 2,
        }
    }

    /// Two columns of it, for the legend.
    pub(super) fn sample(self) -> &'static str {
        match self {
            Self::Sparse => "⠅⡂",
            Self::Dense => "⢕⢕",
        }
    }
}

/// What one panel shows.
pub(super) struct Panel<'a> {
    /// µs or counts, ascending; one for each value.
    pub(super) times: &'a [i64],
    /// The series, and the place in the legend of each.
    pub(super) series: Vec<(usize, &'a ChartSeries)>,
    /// What lies behind them, the widest first.
    pub(super) bands: &'a [ChartBand],
    /// What parts them.
    pub(super) mark: Option<&'a ChartMark>,
    /// The y axis.
    pub(super) scale: Scale,
    /// Columns left of the axis, where several panels align.
    pub(super) label_width: usize,
    /// Whether the times are written below.
    pub(super) has_times: bool,
}

impl Panel<'_> {
    /// Draws the panel in a canvas of a width, with so many rows to plot in.
    pub(super) fn draw(&self, width: usize, rows: usize, along: Along) -> Canvas {
        let labels = match along {
            _ if !self.has_times => 0,
            Along::Time(_) => LABELS,
            // Counts are within nothing.
            Along::Index => 1,
        };
        let mut canvas = Canvas::new(width, rows + AXIS + labels);
        let left = self.label_width + 2;
        let columns = width.saturating_sub(left).max(1);
        let labels: Vec<(usize, &str)> = self
            .scale
            .ticks
            .iter()
            .map(|(value, label)| (self.scale.row(*value, rows * 4) / 4, label.as_str()))
            .collect();
        for row in 0..rows {
            let label = labels.iter().find(|(at, _)| *at == row);
            let axis = if label.is_some() { '┤' } else { '│' };
            if let Some((_, label)) = label {
                let x = self.label_width.saturating_sub(label.chars().count());
                canvas.text(x, row, label, Ink::Dim);
            }
            canvas.put(left - 1, row, axis, Ink::Dim);
        }
        let field = Field {
            left,
            columns,
            bottom: rows,
        };
        let column = |ts| self.column(ts, columns * 2) / 2;
        x_axis::draw(&mut canvas, field, self.bounds(), column, along);
        if let Some(mark) = self.mark {
            for row in 0..rows {
                canvas.put(left + column(mark.at), row, MARK, Ink::Dim);
            }
        }

        let mut field = Braille::new(columns, rows);
        for (nth, band) in self.bands.iter().enumerate() {
            let texture = Texture::of(nth, self.bands.len());
            self.band(&mut field, band, texture, columns, rows);
        }
        let mut courses = Vec::new();
        for (place, series) in &self.series {
            courses.push(self.line(&mut field, &series.values, *place, columns, rows));
        }
        field.paint(&mut canvas, left, 0);
        self.markers(&mut canvas, left, &courses);
        canvas
    }

    fn column(&self, ts: i64, dots: usize) -> usize {
        let (start, end) = self.bounds();
        let last = dots.saturating_sub(1);
        if end <= start {
            return last / 2;
        }
        // Differences of i128, since the whole range of i64 may be asked for.
        let (part, span) = (
            i128::from(ts) - i128::from(start),
            i128::from(end) - i128::from(start),
        );
        let share = part as f64 / span as f64;
        ((share * last as f64).round().max(0.0) as usize).min(last)
    }

    fn bounds(&self) -> (i64, i64) {
        match self.times {
            [first, .., last] => (*first, *last),
            [only] => (*only, *only),
            [] => (0, 0),
        }
    }

    /// Fills the columns of dots between two bounds, which lie on a line from one
    /// value to the next.
    fn band(
        &self,
        field: &mut Braille,
        band: &ChartBand,
        texture: Texture,
        columns: usize,
        rows: usize,
    ) {
        let bounds = band.lower.iter().zip(&band.upper);
        let known: Vec<(usize, f64, f64)> = self
            .times
            .iter()
            .zip(bounds)
            .filter(|(_, (lower, upper))| !lower.is_nan() && !upper.is_nan())
            .map(|(ts, (lower, upper))| (self.column(*ts, columns * 2), *lower, *upper))
            .collect();
        let mut fill = |x: usize, lower: f64, upper: f64| {
            let (top, bottom) = (
                self.scale.row(upper, rows * 4),
                self.scale.row(lower, rows * 4),
            );
            for y in top..=bottom {
                if texture.has(x, y) {
                    field.dot(x, y, Ink::Band);
                }
            }
        };
        if let [(x, lower, upper)] = known[..] {
            fill(x, lower, upper);
        }
        for pair in known.windows(2) {
            let (a, b) = (pair[0], pair[1]);
            let width = (b.0 - a.0).max(1) as f64;
            for x in a.0..=b.0 {
                let share = (x - a.0) as f64 / width;
                let between = |a: f64, b: f64| a * (1.0 - share) + b * share;
                fill(x, between(a.1, b.1), between(a.2, b.2));
            }
        }
    }

    /// Draws one line and returns, for each column of cells, the row in which
    /// it was seen last.
    fn line(
        &self,
        field: &mut Braille,
        values: &[f64],
        place: usize,
        columns: usize,
        rows: usize,
    ) -> Vec<Option<usize>> {
        let mut course = vec![None; columns];
        let joined = joins(self.times, values);
        let mut before: Option<(usize, usize)> = None;
        let points = self.times.iter().zip(values).enumerate();
        for (at, (ts, value)) in points.filter(|(_, (_, value))| value.is_finite()) {
            let point = (
                self.column(*ts, columns * 2),
                self.scale.row(*value, rows * 4),
            );
            let from = before.filter(|_| joined[at]).unwrap_or(point);
            Braille::line(from, point, |x, y| {
                field.line_dot(x, y, Ink::Series(place));
                if let Some(row) = course.get_mut(x / 2) {
                    *row = Some(y / 4);
                }
            });
            before = Some(point);
        }
        course
    }

    /// Sets each series' marker on its line, each at columns of its own; alone
    /// it needs none, but a single point would hardly be seen without.
    fn markers(&self, canvas: &mut Canvas, left: usize, courses: &[Vec<Option<usize>>]) {
        let count = self.series.len();
        for (nth, ((place, _), course)) in self.series.iter().zip(courses).enumerate() {
            let drawn: Vec<usize> = (0..course.len()).filter(|x| course[*x].is_some()).collect();
            let marker = MARKERS[place % MARKERS.len()];
            let offset = MARKER_EVERY * (2 * nth + 1) / (2 * count);
            let mut at: Vec<usize> = drawn
                .iter()
                .copied()
                .filter(|x| count > 1 && x % MARKER_EVERY == offset)
                .collect();
            if at.is_empty() && (count > 1 || drawn.len() == 1) {
                at.extend(drawn.get(drawn.len() / 2));
            }
            for x in at {
                if let Some(row) = course[x] {
                    canvas.put(left + x, row, marker, Ink::Series(*place));
                }
            }
        }
    }
}

/// Tells for each value whether a line leads to it from the finite one before.
///
/// Where a series has a step, a longer distance is a gap (series of different
/// steps share one x, so a NaN between is none by itself); where it has no
/// step, each NaN is a gap.
fn joins(times: &[i64], values: &[f64]) -> Vec<bool> {
    let finite: Vec<usize> = (0..times.len().min(values.len()))
        .filter(|at| values[*at].is_finite())
        .collect();
    let distance = |pair: &[usize]| i128::from(times[pair[1]]) - i128::from(times[pair[0]]);
    let mut distances: Vec<i128> = finite.windows(2).map(distance).collect();
    let mut joined = vec![false; values.len()];
    if distances.is_empty() {
        return joined;
    }
    let middle = distances.len() / 2;
    let longest = *distances.select_nth_unstable(middle).1 * 5 / 2;
    let gaps = distances.iter().filter(|d| **d > longest).count();
    let has_step = gaps * 5 <= distances.len();
    for pair in finite.windows(2) {
        joined[pair[1]] = if has_step {
            distance(pair) <= longest.max(1)
        } else {
            pair[1] == pair[0] + 1
        };
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_gaps_from_other_steps() {
        let nan = f64::NAN;
        let every: Vec<i64> = (0..8).collect();
        // Missing values of a regular series are a gap …
        let values = [1.0, 1.0, 1.0, nan, nan, nan, 1.0, 1.0];
        assert_eq!(
            joins(&every, &values),
            [false, true, true, false, false, false, false, true]
        );
        // … as are missing rows …
        let joined = joins(&[0, 1, 2, 3, 4, 9, 10], &[1.0; 7]);
        assert_eq!(joined, [false, true, true, true, true, false, true]);
        // … but not the times of a finer series.
        let values = [1.0, nan, nan, nan, 1.0, nan, nan, nan];
        assert!(joins(&every, &values)[4]);
    }
}

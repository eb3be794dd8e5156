//! Points in a plane, the marked ones with their names.

use std::collections::BTreeMap;

use super::canvas::{Canvas, Ink};
use super::panels::note;
use super::scale::Scale;
use crate::render::text::{escape, truncate, width as text_width};
use crate::report::{Scatter, ScatterPoint};

const MARKED: char = '●';
const PLAIN: char = '○';
/// Columns of the names beside a point.
const NAME: usize = 24;
/// Columns from one label of the x axis to the next.
const X_LABEL: usize = 12;

/// Draws points in lines of at most `width` columns (at least 20).
pub(in crate::render) fn draw(scatter: &Scatter, width: usize, color: bool) -> String {
    let width = width.clamp(20, 400);
    let mut text = String::new();
    let mut heading = Canvas::new(width, 1);
    let end = heading.text(0, 0, &escape(&scatter.title), Ink::Bold);
    let mut points: Vec<_> = scatter
        .points
        .iter()
        .filter(|point| point.x.is_finite() && point.y.is_finite())
        .collect();
    if points.is_empty() {
        heading.text(end, 0, ": no values to draw", Ink::Plain);
        heading.write(&mut text, color);
        return text;
    }
    heading.write(&mut text, color);
    note(&mut text, &escape(&scatter.y.title), width, color);

    let rows = (width / 8).clamp(8, 14);
    let y = Scale::new(
        points.iter().map(|point| point.y),
        scatter.y.unit.as_ref(),
        rows / 3 + 1,
    );
    let left = y.label_width() + 2;
    let columns = width.saturating_sub(left).clamp(1, 100);
    let x = Scale::new(
        points.iter().map(|point| point.x),
        scatter.x.unit.as_ref(),
        columns / X_LABEL,
    );
    let column = |value: f64| columns - 1 - x.row(value, columns);

    let mut canvas = Canvas::new(width, rows + 2);
    for row in 0..rows {
        canvas.put(left - 1, row, '│', Ink::Dim);
    }
    for (value, label) in &y.ticks {
        let row = y.row(*value, rows);
        let at = y.label_width().saturating_sub(label.chars().count());
        canvas.text(at, row, label, Ink::Dim);
        canvas.put(left - 1, row, '┤', Ink::Dim);
    }
    canvas.put(left - 1, rows, '└', Ink::Dim);
    for at in 0..columns {
        canvas.put(left + at, rows, '─', Ink::Dim);
    }
    let mut free = 0;
    for (value, label) in &x.ticks {
        let at = left + column(*value);
        canvas.put(at, rows, '┬', Ink::Dim);
        let length = label.chars().count();
        let from = at
            .saturating_sub(length / 2)
            .min((left + columns).saturating_sub(length));
        if from >= free {
            canvas.text(from, rows + 1, label, Ink::Dim);
            free = from + length + 1;
        }
    }

    // What is marked is drawn last and stays; its name goes where nothing is.
    points.sort_by_key(|point| point.is_marked);
    let mut taken = vec![false; columns * rows];
    for point in &points {
        let at = (column(point.x), y.row(point.y, rows));
        let (glyph, ink) = if point.is_marked {
            (MARKED, Ink::Series(5))
        } else {
            (PLAIN, Ink::Series(0))
        };
        canvas.put(left + at.0, at.1, glyph, ink);
        taken[at.1 * columns + at.0] = true;
    }
    for ((at, row), names) in names(&points, |point| (column(point.x), y.row(point.y, rows))) {
        let length = text_width(&names);
        if length == 0 {
            continue;
        }
        let after = Some(at + 2).filter(|from| from + length <= columns);
        let before = at.checked_sub(length + 1);
        let is_free = |from: &usize| {
            let cells = row * columns + from..row * columns + from + length;
            !taken[cells].contains(&true)
        };
        let place = [after, before].into_iter().flatten().find(is_free);
        if let Some(from) = place {
            canvas.text(left + from, row, &names, Ink::Plain);
            taken[row * columns + from..row * columns + from + length].fill(true);
        }
    }
    canvas.write(&mut text, color);
    let title = escape(&scatter.x.title);
    let mut below = Canvas::new(width, 1);
    let from = (left + columns).saturating_sub(text_width(&title));
    below.text(from, 0, &title, Ink::Dim);
    below.write(&mut text, color);
    let mut legend = Canvas::new(width, 1);
    legend.put(0, 0, MARKED, Ink::Series(5));
    let end = legend.text(2, 0, &escape(&scatter.marked), Ink::Plain);
    if points.iter().any(|point| !point.is_marked) {
        legend.put(end + 3, 0, PLAIN, Ink::Series(0));
        legend.text(end + 5, 0, "others", Ink::Plain);
    }
    legend.write(&mut text, color);
    text
}

/// The names of the marked points of each cell, as far as there is room.
fn names(
    points: &[&ScatterPoint],
    cell: impl Fn(&ScatterPoint) -> (usize, usize),
) -> BTreeMap<(usize, usize), String> {
    let mut cells: BTreeMap<(usize, usize), Vec<&str>> = BTreeMap::new();
    for point in points.iter().filter(|point| point.is_marked) {
        cells.entry(cell(point)).or_default().push(&point.name);
    }
    let joined = cells.into_iter().map(|(cell, names)| {
        let all = escape(&names.join(", ")).into_owned();
        if text_width(&all) <= NAME {
            return (cell, all);
        }
        let first = truncate(&escape(names[0]), NAME - 6).into_owned();
        (
            cell,
            match names.len() {
                1 => first,
                count => format!("{first} +{}", count - 1),
            },
        )
    });
    joined.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{ScatterAxis, Unit};

    fn point(name: &str, x: f64, y: f64, is_marked: bool) -> ScatterPoint {
        ScatterPoint {
            name: name.to_owned(),
            x,
            y,
            is_marked,
        }
    }

    fn scatter(points: Vec<ScatterPoint>) -> Scatter {
        let axis = |title: &str, unit| ScatterAxis {
            title: title.to_owned(),
            unit,
        };
        Scatter {
            title: "Recall against pages".to_owned(),
            x: axis("pages a week", None),
            y: axis("recall", Some(Unit::Ratio)),
            points,
            marked: "not beaten".to_owned(),
        }
    }

    #[test]
    fn marked_points_have_names() {
        let points = vec![
            point("1*", 0.0, 0.0, true),
            point("2", 10.0, 0.5, false),
            point("3*", 20.0, 1.0, true),
            // The same place: what is marked stays.
            point("4", 20.0, 1.0, false),
        ];
        let drawn = draw(&scatter(points), 50, false);
        let lines: Vec<&str> = drawn.lines().collect();
        assert_eq!(lines[0], "Recall against pages");
        assert_eq!(lines[1], "recall");
        // The last column has no room behind it.
        assert!(lines[2].starts_with("100% ┤"), "{drawn}");
        assert!(lines[2].ends_with("3* ●"), "{drawn}");
        assert_eq!(lines[9], "   0 ┤● 1*");
        assert_eq!(
            drawn.matches('○').count(),
            2,
            "one of them in the legend: {drawn}"
        );
        assert!(drawn.ends_with("● not beaten   ○ others\n"), "{drawn}");
    }

    #[test]
    fn points_in_one_place_share_a_name() {
        let few = (1..4).map(|at| point(&format!("{at}*"), 0.0, 1.0, true));
        let mut points: Vec<ScatterPoint> = few.collect();
        points.push(point("", 10.0, 0.0, false));
        let drawn = draw(&scatter(points.clone()), 60, false);
        assert!(drawn.contains("● 1*, 2*, 3*\n"), "{drawn}");
        points.extend((4..20).map(|at| point(&format!("{at}*"), 0.0, 1.0, true)));
        let drawn = draw(&scatter(points), 60, false);
        assert!(drawn.contains("● 1* +18\n"), "{drawn}");
    }

    #[test]
    fn what_is_not_finite_is_left_out() {
        let nan = vec![
            point("", f64::NAN, 1.0, true),
            point("", 1.0, f64::INFINITY, true),
        ];
        let drawn = draw(&scatter(nan), 50, false);
        assert_eq!(drawn, "Recall against pages: no values to draw\n");
        for width in [0, 20, 21, 400, 1000] {
            let odd = vec![
                point("a", f64::MAX, f64::MIN, true),
                point("日本語", f64::MIN, f64::MAX, true),
                point("", 0.0, 5e-324, false),
            ];
            for line in draw(&scatter(odd), width, false).lines() {
                assert!(text_width(line) <= width.clamp(20, 400), "{line}");
            }
        }
    }
}

//! What a model is given of a series whose effect is not a straight line.

use super::Column;

/// How a series becomes columns.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Shape {
    /// As it is.
    #[default]
    Linear,
    /// As it is and squared (about its mean over the history): a U.
    Squares,
    /// What it lies above a base and what it lies below it, as in cooling and heating degrees:
    /// two straight lines that meet.
    Degrees {
        /// The base.
        base: f64,
    },
}

impl Shape {
    /// Makes the columns.
    pub fn columns(self, column: Column) -> Vec<Column> {
        let derived = |suffix: &str, f: &dyn Fn(f64) -> f64| Column {
            name: format!("{}{suffix}", column.name),
            past: column.past.iter().map(|x| f(*x)).collect(),
            future: column.future.iter().map(|x| f(*x)).collect(),
        };
        match self {
            Self::Linear => vec![column],
            Self::Squares => {
                let count = column.past.len().max(1) as f64;
                let mean: f64 = column.past.iter().map(|x| x / count).sum();
                let squares = derived(" squared", &|x| (x - mean) * (x - mean));
                vec![column, squares]
            }
            Self::Degrees { base } => vec![
                derived(&format!(" above {base}"), &|x| (x - base).max(0.0)),
                derived(&format!(" below {base}"), &|x| (base - x).max(0.0)),
            ],
        }
    }
}

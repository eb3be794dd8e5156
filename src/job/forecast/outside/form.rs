//! How an outside variable becomes columns: `temperature:mean(24):squares`.

use crate::job::forecast::ForecastError;
use crate::series::regressor::{Column, Shape, trailing_mean};

/// One thing that is done to a variable.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Form {
    Shape(Shape),
    /// The mean of so many steps before.
    Mean(usize),
}

impl Form {
    /// Parts a variable's name from the forms behind it.
    pub(super) fn read(text: &str) -> Result<(String, Vec<Self>), ForecastError> {
        let mut rest = text.trim();
        let mut forms = Vec::new();
        while let Some((before, last)) = rest.rsplit_once(':') {
            let inside = |name: &str| {
                let inside = last.strip_prefix(name)?.strip_prefix('(')?;
                inside.strip_suffix(')').map(str::trim)
            };
            let form = if last == "squares" {
                Some(Self::Shape(Shape::Squares))
            } else if let Some(inside) = inside("degrees") {
                let base: f64 = inside.parse().map_err(|_| wrong(text, "degrees(18)"))?;
                Some(Self::Shape(Shape::Degrees { base }))
            } else if let Some(inside) = inside("mean") {
                let steps: usize = inside.parse().map_err(|_| wrong(text, "mean(24)"))?;
                Some(Self::Mean(steps.max(1)))
            } else {
                None
            };
            // Names of recorded metrics have colons too.
            let Some(form) = form else { break };
            forms.push(form);
            rest = before;
        }
        forms.reverse();
        Ok((rest.to_owned(), forms))
    }

    pub(super) fn apply(self, columns: Vec<Column>) -> Vec<Column> {
        let each = columns.into_iter().flat_map(|column| match self {
            Self::Shape(shape) => shape.columns(column),
            Self::Mean(steps) => vec![trailing_mean(&column, steps)],
        });
        each.collect()
    }
}

fn wrong(text: &str, good: &str) -> ForecastError {
    ForecastError::usage(format!("--regressors {text}: write {good}, with a number"))
}

/// Parts a list at its commas, those in brackets, braces and quotes aside.
pub(super) fn split(text: &str) -> Vec<&str> {
    let mut depth = 0_usize;
    let mut quote = None;
    let mut parts = Vec::new();
    let mut start = 0;
    for (at, c) in text.char_indices() {
        match (c, quote) {
            (c, Some(open)) if c == open => quote = None,
            (_, Some(_)) => {}
            ('"' | '\'' | '`', None) => quote = Some(c),
            ('(' | '[' | '{', None) => depth += 1,
            (')' | ']' | '}', None) => depth = depth.saturating_sub(1),
            (',', None) if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts.retain(|part| !part.trim().is_empty());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_parted_from_forms() {
        let read = |text: &str| Form::read(text).expect("a variable");
        assert_eq!(read("Temperature"), ("Temperature".to_owned(), vec![]));
        let (name, forms) = read("Temperature:mean(48):degrees(18)");
        assert_eq!(name, "Temperature");
        let degrees = Shape::Degrees { base: 18.0 };
        assert_eq!(forms, [Form::Mean(48), Form::Shape(degrees)]);
        assert_eq!(read("job:requests:rate5m").0, "job:requests:rate5m");
        assert!(Form::read("t:mean(x)").is_err());
    }

    #[test]
    fn commas_in_brackets_part_nothing() {
        assert_eq!(
            split("a{x=\"1,2\",y=\"}\"},sum by (a, b) (rate(c[5m])),d"),
            ["a{x=\"1,2\",y=\"}\"}", "sum by (a, b) (rate(c[5m]))", "d"]
        );
        assert!(split("").is_empty());
    }
}

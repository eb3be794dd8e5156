//! What of a rule's definition differs: the old value and the new.

use super::change::ChangeReview;
use crate::alert::backtest::{RuleChange, RuleField, RuleInfo};
use crate::model::format_duration;

/// Characters of a value for people.
const LENGTH: usize = 60;

impl ChangeReview<'_> {
    /// The fields of a rule that differ, each with both of its values.
    pub(super) fn fields(&self, rule: &RuleChange) -> Vec<(RuleField, String, String)> {
        let old = rule.base.and_then(|at| self.base.0.rules.get(at));
        let new = rule.new.and_then(|at| self.new.0.rules.get(at));
        let (Some(old), Some(new)) = (old, new) else {
            return Vec::new();
        };
        let fields = rule.fields.iter();
        fields
            .map(|field| {
                let (before, after) = values(*field, &old.info, &new.info);
                (*field, before, after)
            })
            .collect()
    }
}

/// What differs, in words: `for: 0s -> 10m`.
pub(super) fn in_words((field, before, after): &(RuleField, String, String)) -> String {
    let (before, after) = match field {
        RuleField::Expr => apart(before, after),
        _ => (before.clone(), after.clone()),
    };
    let shown = |text: &str| match text {
        "" => "–".to_owned(),
        text if text.chars().count() > LENGTH => {
            let cut: String = text.chars().take(LENGTH - 1).collect();
            format!("{cut}…")
        }
        text => text.to_owned(),
    };
    format!(
        "{}: {} -> {}",
        field.as_str(),
        shown(&before),
        shown(&after)
    )
}

fn values(field: RuleField, old: &RuleInfo, new: &RuleInfo) -> (String, String) {
    let both = |of: &dyn Fn(&RuleInfo) -> String| (of(old), of(new));
    match field {
        RuleField::Name => both(&|info| info.name.clone()),
        RuleField::Group => both(&|info| info.group.clone()),
        RuleField::Expr => both(&|info| one_line(&info.expr)),
        RuleField::For => both(&|info| format_duration(info.hold)),
        RuleField::KeepFiringFor => both(&|info| format_duration(info.keep_firing_for)),
        RuleField::Interval => both(&|info| format_duration(info.interval)),
        RuleField::Labels => pairs(&old.labels, &new.labels),
        RuleField::Annotations => pairs(&old.annotations, &new.annotations),
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The pairs that only one side has.
fn pairs(old: &[(String, String)], new: &[(String, String)]) -> (String, String) {
    let only = |these: &[(String, String)], those: &[(String, String)]| {
        let only = these.iter().filter(|pair| !those.contains(pair));
        let only: Vec<String> = only
            .map(|(name, text)| format!("{name}={}", one_line(text)))
            .collect();
        only.join(", ")
    };
    (only(old, new), only(new, old))
}

/// The words in which two texts differ, with the one before them: `> 3000` and `> 6000`.
fn apart(before: &str, after: &str) -> (String, String) {
    let old: Vec<&str> = before.split(' ').collect();
    let new: Vec<&str> = after.split(' ').collect();
    let alike = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let most = old.len().min(new.len()) - alike;
    let ends = old.iter().rev().zip(new.iter().rev());
    let tail = ends.take(most).take_while(|(a, b)| a == b).count();
    let from = alike.saturating_sub(1);
    let cut = |words: &[&str]| words[from..words.len() - tail].join(" ");
    (cut(&old), cut(&new))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_told() {
        for (before, after, words) in [
            (
                "rate(a[5m]) > 3000",
                "rate(a[5m]) > 6000",
                ("> 3000", "> 6000"),
            ),
            ("a > 1 and b", "a > 2 and b", ("> 1", "> 2")),
            ("a", "a and a", ("a", "a and a")),
            ("a a", "a", ("a a", "a")),
            ("", "a", ("", "a")),
        ] {
            let (old, new) = apart(before, after);
            assert_eq!((old.as_str(), new.as_str()), words, "{before} {after}");
        }
        let change = (RuleField::For, "0s".to_owned(), "10m".to_owned());
        assert_eq!(in_words(&change), "for: 0s -> 10m");
    }
}

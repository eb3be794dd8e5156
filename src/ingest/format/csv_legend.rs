//! Reads a legend (`up{instance="a"}`) into labels, and a metric's name from a file's.

/// Reads `name{label="value", …}` into pairs, the name as `__name__`. The name
/// may be missing, or stand quoted within the braces (Prometheus 3). `None`
/// where the text has no such form.
pub(super) fn parse_legend(text: &str) -> Option<Vec<(String, String)>> {
    let text = text.trim();
    let (name, rest) = text.split_at(text.find('{')?);
    let name = name.trim();
    let mut pairs = Vec::new();
    if !name.is_empty() {
        if !is_metric_name(name) {
            return None;
        }
        pairs.push((crate::model::METRIC_NAME.to_owned(), name.to_owned()));
    }
    let mut rest = rest.strip_prefix('{')?.strip_suffix('}')?.trim();
    while !rest.is_empty() {
        let (label, after) = if rest.starts_with('"') {
            quoted(rest)?
        } else {
            let end = rest.find(['=', ','])?;
            (rest[..end].trim().to_owned(), &rest[end..])
        };
        let after = after.trim_start();
        if let Some(after) = after.strip_prefix('=') {
            let (value, after) = quoted(after.trim_start())?;
            if label.is_empty() {
                return None;
            }
            pairs.push((label, value));
            rest = after;
        } else if pairs.is_empty() {
            // A lone quoted string is the metric's name.
            pairs.push((crate::model::METRIC_NAME.to_owned(), label));
            rest = after;
        } else {
            return None;
        }
        rest = rest.trim_start();
        match rest.strip_prefix(',') {
            Some(after) => rest = after.trim_start(),
            None if rest.is_empty() => {}
            None => return None,
        }
    }
    Some(pairs)
}

/// Reads `"…"` with `\\`, `\"` and `\n`, and returns what follows.
fn quoted(text: &str) -> Option<(String, &str)> {
    let inside = text.strip_prefix('"')?;
    let mut value = String::new();
    let mut chars = inside.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((value, &inside[at + 1..])),
            '\\' => match chars.next()?.1 {
                'n' => value.push('\n'),
                other => value.push(other),
            },
            other => value.push(other),
        }
    }
    None
}

/// Tells whether a text is a metric's name as PromQL writes it without quotes.
pub(super) fn is_metric_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes
        .next()
        .is_some_and(|b| b.is_ascii_alphabetic() || matches!(b, b'_' | b':'))
        && bytes.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b':'))
}

/// Makes a metric's name of a file's: without folder, suffix and what Grafana
/// adds (`-data-2026-01-01 10_00_00`), other characters as `_`.
pub(super) fn metric_of_file(file_name: &str) -> String {
    let name = file_name.rsplit(['/', '\\']).next().unwrap_or_default();
    let stem = match name.rsplit_once('.') {
        Some((stem, _)) if !stem.is_empty() => stem,
        _ => name,
    };
    let stem = stem.find("-data-").map_or(stem, |at| &stem[..at]);
    let mut metric: String = stem
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect();
    if metric.is_empty() {
        metric.push_str("value");
    } else if metric.as_bytes()[0].is_ascii_digit() {
        metric.insert(0, '_');
    }
    metric
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &str) -> Option<Vec<String>> {
        let found = parse_legend(text)?;
        Some(found.iter().map(|(n, v)| format!("{n}={v}")).collect())
    }

    #[test]
    fn reads_legends() {
        let strings = |s: &[&str]| Some(s.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>());
        assert_eq!(
            pairs(r#"up{instance="a:9090", job="b"}"#),
            strings(&["__name__=up", "instance=a:9090", "job=b"])
        );
        assert_eq!(
            pairs(r#"{path="a,b}\"c\\",}"#),
            strings(&[r#"path=a,b}"c\"#])
        );
        assert_eq!(
            pairs(r#"{"http.requests", "a.b"="c"}"#),
            strings(&["__name__=http.requests", "a.b=c"])
        );
        assert_eq!(pairs("{}"), strings(&[]));
        for other in [
            "A-series",
            "up",
            "{a}",
            "{a=b}",
            r#"{a="b"#,
            "a b{}",
            r#"{="x"}"#,
        ] {
            assert_eq!(pairs(other), None, "{other}");
        }
    }

    #[test]
    fn names_a_metric_after_its_file() {
        assert_eq!(metric_of_file("exports/queue depth.csv"), "queue_depth");
        assert_eq!(
            metric_of_file("API latency-data-2026-01-01 10_00_00.csv"),
            "API_latency"
        );
        assert_eq!(metric_of_file("95th.csv"), "_95th");
        assert_eq!(metric_of_file(""), "value");
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in ".{0,40}") {
            let _ = parse_legend(&text);
            let _ = parse_legend(&format!("{{{text}}}"));
            let _ = metric_of_file(&text);
        }
    }
}

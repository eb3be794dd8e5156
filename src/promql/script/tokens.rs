//! What a query's text needs, by its tokens alone.
//!
//! The queries that need it most are those that the parser refuses, so that
//! there is no tree to look at.

/// What a query needs beyond floats and the stable language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Need {
    /// Native histograms.
    NativeHistogram,
    /// A feature behind a flag of Prometheus.
    Experimental(String),
}

/// Functions behind `--enable-feature=promql-experimental-functions`.
const EXPERIMENTAL_FUNCTIONS: &[&str] = &[
    "double_exponential_smoothing",
    "end",
    "first_over_time",
    "histogram_quantiles",
    "info",
    "integral",
    "mad_over_time",
    "max_of",
    "min_of",
    "range",
    "sort_by_label",
    "sort_by_label_desc",
    "start",
    "start_timestamp",
    "step",
    "ts_of_first_over_time",
    "ts_of_last_over_time",
    "ts_of_max_over_time",
    "ts_of_min_over_time",
];

const EXPERIMENTAL_AGGREGATORS: &[&str] = &["limitk", "limit_ratio"];

/// Functions that return something for native histograms only.
const NATIVE_FUNCTIONS: &[&str] = &[
    "histogram_avg",
    "histogram_count",
    "histogram_stddev",
    "histogram_stdvar",
    "histogram_sum",
];

/// A piece of a query; label matchers in braces are one piece.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    /// A name or keyword in lower case.
    Word(String),
    /// A number or a duration.
    Number,
    /// A string.
    String,
    /// `{…}`.
    Matchers,
    /// Any other character.
    Sign(char),
}

/// Finds what a query's text needs; what is experimental wins.
pub(super) fn need(query: &str) -> Option<Need> {
    let tokens = tokens(query);
    let at = |i: usize| tokens.get(i);
    let mut native = false;
    let mut bracket = false;
    for (i, token) in tokens.iter().enumerate() {
        let before = i.checked_sub(1).and_then(at);
        let called = at(i + 1) == Some(&Token::Sign('('));
        let feature = match token {
            Token::Sign('[') => {
                bracket = true;
                None
            }
            Token::Sign(']') => {
                bracket = false;
                None
            }
            Token::Sign(':') | Token::Number => None,
            _ if bracket => Some("duration expressions".to_owned()),
            Token::Sign('/') => {
                native |= matches!(before, Some(Token::Sign('<')));
                None
            }
            // `>` and `/` are neighbours in `>/` only.
            Token::Sign('>') => {
                native |= at(i + 1) == Some(&Token::Sign('/'));
                None
            }
            Token::Word(word) => {
                native |= called && NATIVE_FUNCTIONS.contains(&word.as_str());
                word_feature(word, before, at(i + 1), at(i + 2))
            }
            _ => None,
        };
        if let Some(feature) = feature {
            return Some(Need::Experimental(feature));
        }
    }
    native.then_some(Need::NativeHistogram)
}

fn word_feature(
    word: &str,
    before: Option<&Token>,
    next: Option<&Token>,
    after: Option<&Token>,
) -> Option<String> {
    let called = next == Some(&Token::Sign('('));
    match word {
        // In `@ start()` and `@ end()` they are stable.
        "start" | "end" if before == Some(&Token::Sign('@')) => None,
        _ if called && EXPERIMENTAL_FUNCTIONS.contains(&word) => Some(format!("{word}()")),
        _ if EXPERIMENTAL_AGGREGATORS.contains(&word) => {
            let grouped =
                matches!(next, Some(Token::Word(next)) if next == "by" || next == "without");
            (called || grouped).then(|| format!("{word}()"))
        }
        "fill" | "fill_left" | "fill_right" if called => Some("fill modifiers".to_owned()),
        "smoothed" | "anchored" => matches!(
            before,
            Some(Token::Sign(']' | ')') | Token::Word(_) | Token::Number | Token::Matchers)
        )
        .then(|| "extended range selectors".to_owned()),
        "offset" => {
            let operand = match next {
                Some(Token::Sign('+' | '-')) => after,
                next => next,
            };
            matches!(operand, Some(Token::Sign('(') | Token::Word(_)))
                .then(|| "duration expressions".to_owned())
        }
        _ => None,
    }
}

fn tokens(query: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = query.trim_start();
    while let Some(c) = rest.chars().next() {
        let length = match c {
            '#' => rest.find('\n').unwrap_or(rest.len()),
            '{' => {
                tokens.push(Token::Matchers);
                matchers(rest)
            }
            '"' | '\'' | '`' => {
                tokens.push(Token::String);
                string(rest)
            }
            c if c.is_ascii_digit() => {
                tokens.push(Token::Number);
                number(rest)
            }
            c if c.is_ascii_alphabetic() || c == '_' => {
                let length = word(rest);
                tokens.push(Token::Word(rest[..length].to_ascii_lowercase()));
                length
            }
            c => {
                tokens.push(Token::Sign(c));
                c.len_utf8()
            }
        };
        rest = rest[length..].trim_start();
    }
    tokens
}

fn word(text: &str) -> usize {
    text.bytes()
        .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b':'))
        .count()
}

/// The length of a number or a duration; `1e-5` holds a sign.
fn number(text: &str) -> usize {
    let hexadecimal = text.starts_with("0x") || text.starts_with("0X");
    let bytes = text.as_bytes();
    let mut length = 1;
    while let Some(b) = bytes.get(length) {
        let exponent = !hexadecimal && matches!(bytes[length - 1], b'e' | b'E');
        if !(b.is_ascii_alphanumeric()
            || matches!(b, b'.' | b'_')
            || (exponent && matches!(b, b'+' | b'-')))
        {
            break;
        }
        length += 1;
    }
    length
}

/// The length of a quoted string, ended or not.
fn string(text: &str) -> usize {
    let mut chars = text.char_indices();
    let quote = chars.next().map(|(_, c)| c);
    while let Some((at, c)) = chars.next() {
        if Some(c) == quote {
            return at + 1;
        }
        if c == '\\' && quote != Some('`') {
            chars.next();
        }
    }
    text.len()
}

/// The length of label matchers in braces, closed or not.
fn matchers(text: &str) -> usize {
    let mut at = 1;
    while let Some(c) = text[at..].chars().next() {
        at += match c {
            '}' => return at + 1,
            '"' | '\'' | '`' => string(&text[at..]),
            c => c.len_utf8(),
        };
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stable_queries_need_nothing() {
        for query in [
            "rate(x[5m])",
            "x[1h:5m] offset -5m",
            "x[1800]",
            "x @ start() + x @ end ()",
            "info + start + limitk + fill + smoothed",
            "x{a=\"limitk(1, y)\", b='}', c=`info(x)`} # info(x)",
            "1e-5 < 1 / 2",
            "m offset 2 ^ 2",
            "max_over_time(x[5m: 1m])",
            "x[5m:]",
            "0x1e - 2",
        ] {
            assert_eq!(need(query), None, "{query}");
        }
    }

    #[test]
    fn native_and_experimental_are_told_apart() {
        for query in [
            "histogram_count(x)",
            "x >/ 2",
            "x </ 2",
            "HISTOGRAM_SUM (x)",
        ] {
            assert_eq!(need(query), Some(Need::NativeHistogram), "{query}");
        }
        for (query, feature) in [
            ("limitk by (a) (1, x)", "limitk()"),
            ("limit_ratio(1, x)", "limit_ratio()"),
            ("info(histogram_count(x))", "info()"),
            ("histogram_count(info(x))", "info()"),
            ("x + fill(0) y", "fill modifiers"),
            ("rate(x[5m] smoothed)", "extended range selectors"),
            ("x{a=\"b\"} anchored", "extended range selectors"),
            ("x @ 100 smoothed + 0", "extended range selectors"),
            ("x[5m+1m]", "duration expressions"),
            ("x[step()]", "duration expressions"),
            ("x offset (1m)", "duration expressions"),
            ("x offset -min_of(1m, 2m)", "duration expressions"),
            ("step()", "step()"),
            ("end() - start()", "end()"),
        ] {
            let expected = Need::Experimental(feature.to_owned());
            assert_eq!(need(query), Some(expected), "{query}");
        }
    }

    proptest::proptest! {
        #[test]
        fn never_panics(query in "[ -~é]{0,40}") {
            need(&query);
        }
    }
}

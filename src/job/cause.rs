use std::error::Error;

/// Returns a message without the backtrace that DataFusion and Delta write
/// behind theirs where `RUST_BACKTRACE` is set.
pub(crate) fn without_backtrace(message: &str) -> &str {
    let end = message.find("\n\nbacktrace:");
    end.map_or(message, |end| &message[..end])
}

/// Writes an error and its causes as one line.
pub(super) fn chain(error: &dyn Error) -> String {
    let mut text = without_backtrace(&error.to_string()).to_owned();
    let mut cause = error.source();
    while let Some(next) = cause {
        let sentence = next.to_string();
        let sentence = without_backtrace(&sentence);
        if !text.contains(sentence) {
            text = format!("{text}: {sentence}");
        }
        cause = next.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("report red")]
    struct Outer(#[source] std::io::Error);

    #[test]
    fn leaves_backtraces_out() {
        let inner = std::io::Error::other("no field é\n\nbacktrace:    0: a\n   1: b");
        assert_eq!(chain(&Outer(inner)), "report red: no field é");
        assert_eq!(without_backtrace("a\n\nb"), "a\n\nb");
    }
}

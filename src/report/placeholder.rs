/// A `$name` in a SQL text, outside of strings, quoted identifiers and comments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Placeholder<'a> {
    /// Without the `$`.
    pub(super) name: &'a str,
    /// Byte offset of the `$`.
    pub(super) start: usize,
    /// 1-based line within the text.
    pub(super) line: usize,
}

impl Placeholder<'_> {
    pub(super) fn end(&self) -> usize {
        self.start + 1 + self.name.len()
    }
}

/// Finds the placeholders. A quote or comment that never ends goes to the end
/// of the text; the SQL parser complains about it later.
pub(super) fn placeholders(sql: &str) -> Vec<Placeholder<'_>> {
    let bytes = sql.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        at = match bytes[at] {
            // A doubled quote inside ends one string and begins the next: same result.
            quote @ (b'\'' | b'"' | b'`') => after(bytes, at + 1, &[quote]),
            b'-' if bytes[at..].starts_with(b"--") => after(bytes, at + 2, b"\n"),
            b'/' if bytes[at..].starts_with(b"/*") => after(bytes, at + 2, b"*/"),
            b'$' => {
                let name = &sql[at + 1..];
                let length = name
                    .bytes()
                    .take_while(|b| b.is_ascii_alphanumeric() || *b == b'_')
                    .count();
                if length > 0 {
                    found.push(Placeholder {
                        name: &name[..length],
                        start: at,
                        line: 1 + sql[..at].matches('\n').count(),
                    });
                }
                at + 1 + length
            }
            _ => at + 1,
        };
    }
    found
}

/// Returns the offset just after the next `end`.
fn after(bytes: &[u8], from: usize, end: &[u8]) -> usize {
    bytes[from..]
        .windows(end.len())
        .position(|window| window == end)
        .map_or(bytes.len(), |offset| from + offset + end.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(sql: &str) -> Vec<&str> {
        placeholders(sql).iter().map(|p| p.name).collect()
    }

    #[test]
    fn sees_only_code() {
        assert_eq!(
            names("select $a, '$b', \"$c\", `$d` -- $e\n, /* $f */ $g"),
            ["a", "g"]
        );
        assert_eq!(names("'it''s $no' || $yes"), ["yes"]);
        assert_eq!(names("x-$n/$m"), ["n", "m"]);
        assert_eq!(names("'open $no"), [""; 0]);
        assert_eq!(names("/* open $no"), [""; 0]);
        assert_eq!(names("$ é$é $a1_b."), ["a1_b"]);
    }

    #[test]
    fn counts_lines() {
        let found = placeholders("select\n  1,\n  $x");
        assert_eq!((found[0].line, found[0].start, found[0].end()), (3, 14, 16));
    }
}

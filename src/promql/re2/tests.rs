use proptest::prelude::*;

use super::*;

fn matches(pattern: &str, text: &str) -> bool {
    let translated = translate(pattern).unwrap_or_else(|e| panic!("{pattern}: {e}"));
    regex::Regex::new(&format!("^(?:{translated})$"))
        .unwrap_or_else(|e| panic!("{pattern} -> {translated}: {e}"))
        .is_match(text)
}

#[test]
fn says_what_go_says() {
    // Pattern, texts that match, texts that do not.
    let cases: &[(&str, &[&str], &[&str])] = &[
        ("a|b|cd", &["a", "cd"], &["ab", ""]),
        (r"\d+", &["12"], &["٣"]),
        (r"\w", &["a", "_"], &["é"]),
        (r"[^\w]", &["é", " "], &["a"]),
        (r"\s", &[" ", "\n", "\u{c}"], &["\u{b}", "\u{a0}"]),
        (r"[[:space:]]", &["\u{b}"], &["\u{a0}"]),
        (r"[\D]", &["a"], &["1"]),
        (r"\bfoo\b.", &["foo!", "fooé"], &["foos"]),
        (r"a\Bb", &["ab"], &[]),
        (r"\Qa.b\E.", &["a.bx"], &["axbx"]),
        (r"\Qa\b", &[r"a\b"], &["ab"]),
        ("a{b}", &["a{b}"], &["ab"]),
        ("a{,2}", &["a{,2}"], &["a", "aa"]),
        ("a{2,}", &["aa", "aaa"], &["a"]),
        ("a{1,2}?", &["a", "aa"], &["aaa"]),
        ("a{01}", &["a{01}"], &["a"]),
        ("{}", &["{}"], &[]),
        ("{{.*}}", &["{{x}}"], &["{x}"]),
        (r"\<a\>", &["<a>"], &["a"]),
        (r"\_\-\/\:\@", &["_-/:@"], &[]),
        ("[a&&b]", &["a", "b", "&"], &["c"]),
        ("[+--b]", &["+", ",", "-", "b"], &["a"]),
        ("[a~~b]", &["~"], &["c"]),
        ("[[a]", &["[", "a"], &["]"]),
        ("[]a]", &["]", "a"], &["b"]),
        ("[^]a]", &["b"], &["]", "a"]),
        ("[a-]", &["a", "-"], &["b"]),
        ("[+-.]", &["+", ",", "-", "."], &["/"]),
        ("[[:alpha:]_]+", &["ab_"], &["a1", "é"]),
        ("[[:^digit:]]", &["a"], &["1"]),
        (r"\101\x42\x{43}", &["ABC"], &[]),
        (r"\0", &["\0"], &["0"]),
        (r"[\x41-\x43]", &["B"], &["D"]),
        (r"\p{Greek}\pN\p{^Greek}", &["α1a"], &["aaa"]),
        (r"[\p{Greek}\PL]", &["α", "1"], &["a"]),
        ("(?i)foo", &["FOO"], &["bar"]),
        ("(?i:a)b", &["Ab"], &["AB"]),
        ("(?U)a+", &["aa"], &[]),
        ("(?s).", &["\n"], &[]),
        (".", &["é"], &["\n"]),
        ("(?P<x>a)(?<y>b)", &["ab"], &[]),
        (r"\Aa\z", &["a"], &[]),
        ("a#b c", &["a#b c"], &["ab"]),
        ("", &[""], &["a"]),
        ("a||b", &["", "a", "b"], &["c"]),
        ("]}", &["]}"], &[]),
    ];
    for (pattern, yes, no) in cases {
        for text in *yes {
            assert!(matches(pattern, text), "{pattern} on {text:?}");
        }
        for text in *no {
            assert!(!matches(pattern, text), "{pattern} on {text:?}");
        }
    }
}

#[test]
fn refuses_what_go_refuses() {
    for pattern in [
        r"\C",
        r"\Z",
        r"\1",
        r"\8",
        r"\e",
        r"\h",
        r"\é",
        "a**",
        "a*+",
        "a{2}{3}",
        "a???",
        "(?x)a",
        "(?=a)",
        "(?!a)",
        "(?<=a)",
        "(?P<a",
        "(?",
        r"[\b]",
        "[b-a]",
        "[a",
        "[",
        "[[:foo:]]",
        "a{1001}",
        "a{2,1}",
        "\\",
        r"\x",
        r"\xg",
        r"\x{}",
        r"\x{110000}",
        r"\p",
        r"\p{",
        r"\p{1}",
        "(?-u:a)",
        "(",
        ")",
        "a)|(b",
    ] {
        assert!(translate(pattern).is_err(), "{pattern}");
    }
    for pattern in ["*", "a|*", "(?i)+", r"\p{Nonsense}"] {
        let translated = translate(pattern).expect(pattern);
        assert!(regex::Regex::new(&translated).is_err(), "{pattern}");
    }
}

proptest! {
    #[test]
    fn never_panics(pattern in r"[a-c0-9\\\[\]{}()?*+|^$.,:<>PpQEdDwWsSbBxCzAiU&~é-]{0,16}") {
        if let Ok(translated) = translate(&pattern) {
            let _ = regex::Regex::new(&translated);
        }
    }

    #[test]
    fn a_quoted_text_matches_itself(text in "\\PC{0,12}", other in "\\PC{0,3}") {
        prop_assume!(!text.contains("\\E") && !text.ends_with('\\'));
        let pattern = format!("\\Q{text}\\E");
        prop_assert!(matches(&pattern, &text));
        prop_assert_eq!(matches(&pattern, &other), text == other);
    }
}

//! What `promtool test rules` (Prometheus 2.42, Go 1.19) printed for the templates in
//! `oracle.jsonl`, and the limits that are our own.
//!
//! Each line is `[value, template, text]`, printed 2026 by one alert on a series
//! `m{instance="h:9090",job="j"}` (`m*0+…` where a series cannot have the value), at
//! 3 minutes, with the external labels `cluster="c1"` and `region="eu"`, the URL
//! `http://prom.example:9090/path`, and the series `q{l="b",__value__="sv"} 2` and
//! `q{l="a"} 1`. A refused template's error begins with `PARSE`.

use proptest::prelude::*;

use super::*;

fn labels(pairs: &[(&str, &str)]) -> Labels {
    Labels::from_pairs(pairs.iter().copied()).unwrap()
}

fn answer(query: &str) -> Result<Vec<(Labels, f64)>, String> {
    match query {
        "q" => Ok(vec![
            (
                labels(&[("__name__", "q"), ("__value__", "sv"), ("l", "b")]),
                2.0,
            ),
            (labels(&[("__name__", "q"), ("l", "a")]), 1.0),
        ]),
        "nothing" => Ok(Vec::new()),
        query => Err(format!("no answer to {query}")),
    }
}

fn expand(text: &str, value: f64) -> String {
    let template = match Template::parse(text) {
        Ok(template) => template,
        Err(error) => return format!("PARSE {}", error.for_alert("A")),
    };
    let context = Context {
        labels: &labels(&[("__name__", "m"), ("instance", "h:9090"), ("job", "j")]),
        value,
        external_labels: &labels(&[("cluster", "c1"), ("region", "eu")]),
        external_url: "http://prom.example:9090/path",
        now: 180_000_000,
    };
    match template.render(&context, &mut answer) {
        Ok(text) => text,
        Err(error) => error.expansion("A"),
    }
}

#[test]
fn expands_as_promtool_does() {
    let mut wrong = Vec::new();
    for line in include_str!("oracle.jsonl").lines() {
        let (value, text, expected): (String, String, String) = serde_json::from_str(line).unwrap();
        let expanded = expand(&text, value.parse().unwrap());
        if expanded != expected {
            wrong.push(format!("{value} {text:?}\n  {expected:?}\n  {expanded:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn knows_what_newer_versions_do() {
    assert_eq!(expand("{{ range 3 }}{{ . }}{{ end }}", 1.0), "012");
    let text = "{{ with $labels.x }}a{{ else with $labels.job }}{{ . }}{{ end }}";
    assert_eq!(expand(text, 1.0), "j");
    assert_eq!(expand("{{ now }}", 1.0), "180");
    assert_eq!(expand("{{ toDuration $value }}", 3_723.5), "1h2m3.5s");
    assert_eq!(expand("{{ (toDuration $value).Minutes }}", 90.0), "1.5");
    assert_eq!(
        expand("{{ toDuration 0.0000015 }} {{ toDuration 0.25 }}", 1.0),
        "1.5µs 250ms"
    );
    assert_eq!(expand("{{ urlQueryEscape \"a b/c\" }}", 1.0), "a+b%2Fc");
    assert_eq!(
        expand("{{ externalURL }} {{ pathPrefix }}", 1.0),
        "http://prom.example:9090/path /path"
    );
    assert_eq!(expand("{{ parseDurationTime \"90m\" }}", 1.0), "1h30m0s");
}

#[test]
fn says_where_a_text_is_wrong() {
    let error = Template::parse("a\n{{ nope }}").unwrap_err();
    assert_eq!((error.line, error.offset), (2, 5));
    assert_eq!(error.to_string(), "line 2: function \"nope\" not defined");
    let error = Template::parse("{{ if\n (1 }}").unwrap_err();
    assert_eq!(
        error.for_alert("A"),
        "template: __alert_A:2: unclosed left paren in action started at __alert_A:1"
    );
}

#[test]
fn a_regular_expression_is_refused_in_our_words() {
    assert!(
        expand("{{ match \"(\" \"x\" }}", 1.0)
            .contains("error calling match: error parsing regexp: ")
    );
    assert!(expand("{{ reReplaceAll \"(\" \"\" \"x\" }}", 1.0).contains("regexp: Compile(`(`): "));
}

#[test]
fn a_text_without_actions_is_itself() {
    let template = Template::parse("a }} b").unwrap();
    assert!(template.is_constant());
    assert!(!Template::parse("a {{ 1 }}").unwrap().is_constant());
    assert_eq!(expand("a }} b", 1.0), "a }} b");
}

#[test]
fn knows_what_a_text_depends_on() {
    let uses = |text: &str| {
        let template = Template::parse(text).unwrap();
        (template.uses_value(), template.uses_query())
    };
    assert_eq!(uses("value"), (false, false));
    assert_eq!(uses("{{ $labels.Valued }}{{ .Labels.x }}"), (false, false));
    assert_eq!(
        uses("{{ if true }}{{ humanize $value }}{{ end }}"),
        (true, false)
    );
    assert_eq!(uses("{{ .Value }}"), (true, false));
    assert_eq!(uses("{{ $ }}"), (true, false));
    assert_eq!(uses("{{ . }}"), (true, false));
    assert_eq!(uses("{{ range $labels }}{{ . }}{{ end }}"), (false, false));
    assert_eq!(uses("{{ with (query \"q\") }}x{{ end }}"), (false, true));
    assert_eq!(
        uses("{{ define \"t\" }}{{ .Value }}{{ end }}"),
        (true, false)
    );
}

#[test]
fn what_never_ends_is_stopped() {
    let recursion = "{{ define \"t\" }}{{ template \"t\" . }}{{ end }}{{ template \"t\" . }}";
    assert!(expand(recursion, 1.0).contains("exceeded maximum template depth"));
    let loops = "{{ range 1000000 }}{{ range 1000000 }}{{ end }}{{ end }}";
    assert!(expand(loops, 1.0).contains("takes too many steps"));
    let doubling = "{{ $x := \"xx\" }}{{ range 100 }}{{ $x = print $x $x }}{{ end }}";
    assert!(expand(doubling, 1.0).contains("bytes"));
    let wide = "{{ range 100 }}{{ printf \"%900000d\" 1 }}{{ end }}";
    assert!(expand(wide, 1.0).contains("bytes"));
    let nested = format!("{}1{}", "{{ (".repeat(5), " }}".repeat(5));
    assert!(Template::parse(&nested).is_err());
    let nested = format!("{{{{ {}1{} }}}}", "(".repeat(10_000), ")".repeat(10_000));
    assert!(expand(&nested, 1.0).contains("nested more than"));
    let nested = format!("{}x{}", "{{ if 1 }}".repeat(45), "{{ end }}".repeat(45));
    assert_eq!(expand(&nested, 1.0), "x");
}

/// Pieces from which templates are made.
const PIECES: &[&str] = &[
    "{{",
    "}}",
    "{{-",
    " -}}",
    " ",
    "\n",
    "é",
    "$labels",
    "$value",
    ".Labels",
    ".Value",
    ".",
    "$",
    "$x",
    ":=",
    "=",
    ",",
    "|",
    "(",
    ")",
    "if",
    "else",
    "end",
    "range",
    "with",
    "define",
    "\"t\"",
    "template",
    "block",
    "break",
    "continue",
    "query",
    "\"q\"",
    "first",
    "value",
    "printf",
    "\"%5.3d|%-*[1]q|%#x|%+08.2f|%v\"",
    "print",
    "index",
    "slice",
    "len",
    "eq",
    "lt",
    "and",
    "or",
    "not",
    "humanize",
    "humanizeDuration",
    "toTime",
    "toDuration",
    "args",
    "nil",
    "true",
    "1",
    "-2",
    "0x1F",
    "1e300",
    "'é'",
    "`raw`",
    "\"\\u00e9\"",
    "reReplaceAll",
    "title",
    "stripDomain",
    "/*",
    "*/",
    "html",
    "js",
    "urlquery",
    "sortByLabel",
    "label",
    "text",
    "call",
    "{{ end }}",
    "{{ $x := ",
    "{{ range $i, $e := query \"q\" }}",
    "{{ if ",
    "{{ template \"t\" . }}",
];

#[test]
fn long_precisions_are_written_out() {
    // Rust's own formatting takes at most 65,535.
    for (format, length) in [
        ("%.70000f", 70_002),
        ("%.70000e", 70_006),
        ("%.70000x", 70_008),
        ("%070000.1f", 70_000),
    ] {
        let text = expand(&format!("{{{{ printf {format:?} 1.5 }}}}"), 0.0);
        assert_eq!(text.len(), length, "{format}");
    }
    let text = expand("{{ printf \"%.70000d\" 7 }}", 0.0);
    assert!(text.len() == 70_000 && text.ends_with("07"));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4_000) })]

    #[test]
    fn no_text_panics(text in "\\PC{0,60}", value in any::<f64>()) {
        expand(&text, value);
        expand(&format!("{{{{ {text} }}}}"), value);
    }

    #[test]
    fn no_mixture_panics(
        pieces in prop::collection::vec(prop::sample::select(PIECES), 0..30),
        spaced in any::<bool>(),
        value in any::<f64>(),
    ) {
        let text = pieces.join(if spaced { " " } else { "" });
        let expanded = expand(&text, value);
        prop_assert!(expanded.len() < 2 << 20);
        expand(&format!("{{{{ {text} }}}}"), value);
    }

    #[test]
    fn no_format_panics(format in "(%[-+# 0]{0,3}(\\*|[0-9]{0,2})(\\.(\\*|[0-9]{0,2}))?(\\[[0-9]\\])?[a-zA-Z%é]){1,4}", value in any::<f64>(), whole in any::<i32>()) {
        for arg in ["$value", "\"é\"", "$labels", "nil", "(query \"q\")", "true", "(toTime 5)", &whole.to_string()] {
            expand(&format!("{{{{ printf {format:?} {arg} {arg} }}}}"), value);
        }
    }
}

use std::fmt::Write as _;

use super::{Binding, Bindings, Role, System};

/// Writes a description as TOML, for a person to correct.
///
/// `remarks` gives the comment that stands above a role of a stage, if any: why
/// it was guessed.
pub fn write(system: &System, remarks: impl Fn(&str, Role) -> Option<String>) -> String {
    let mut out = String::new();
    for (name, stage) in &system.stages {
        if !out.is_empty() {
            out.push('\n');
        }
        let _ = writeln!(out, "[system.stage.{}]", key(name));
        let _ = writeln!(out, "kind = {}", quoted(stage.kind.as_str()));
        if let Some(objective) = stage.objective {
            let values = [
                ("latency", objective.latency),
                ("availability", objective.availability),
            ];
            let values: Vec<String> = values
                .iter()
                .filter_map(|(n, v)| v.map(|v| format!("{n} = {}", number(v))))
                .collect();
            let _ = writeln!(out, "objective = {{ {} }}", values.join(", "));
        }
        for (role, bindings) in &stage.roles {
            if let Some(remark) = remarks(name, *role) {
                let _ = writeln!(out, "# {}", remark.replace(['\n', '\r'], " "));
            }
            role_line(&mut out, *role, bindings);
        }
    }
    for edge in &system.edges {
        let _ = write!(
            out,
            "\n[[system.edge]]\nfrom = {}\nto = {}\nkind = {}\n",
            quoted(&edge.from),
            quoted(&edge.to),
            quoted(edge.kind.as_str())
        );
        for (role, bindings) in &edge.roles {
            role_line(&mut out, *role, bindings);
        }
    }
    out
}

fn role_line(out: &mut String, role: Role, bindings: &Bindings) {
    let _ = write!(out, "{} = ", role.as_str());
    match bindings {
        Bindings::One(one) => binding(out, one),
        Bindings::Many(many) => {
            out.push_str("[\n");
            for one in many {
                out.push_str("    ");
                binding(out, one);
                out.push_str(",\n");
            }
            out.push(']');
        }
    }
    out.push('\n');
}

fn binding(out: &mut String, binding: &Binding) {
    let mut parts = Vec::new();
    for (name, value) in [
        ("metric", &binding.metric),
        ("promql", &binding.promql),
        ("sql", &binding.sql),
    ] {
        if let Some(value) = value {
            parts.push(format!("{name} = {}", quoted(value)));
        }
    }
    if !binding.labels.is_empty() {
        let labels: Vec<String> = binding
            .labels
            .iter()
            .map(|(name, value)| format!("{} = {}", key(name), quoted(value)))
            .collect();
        parts.push(format!("labels = {{ {} }}", labels.join(", ")));
    }
    if let Some(counter) = binding.counter {
        parts.push(format!("counter = {counter}"));
    }
    if let Some(scale) = binding.scale {
        parts.push(format!("scale = {}", number(scale)));
    }
    let _ = write!(out, "{{ {} }}", parts.join(", "));
}

fn number(value: f64) -> String {
    if value.is_nan() {
        return "nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    // `{:?}` writes a point or an exponent, which makes it a TOML float.
    format!("{value:?}")
}

fn key(text: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if !text.is_empty() && text.chars().all(bare) {
        text.to_owned()
    } else {
        quoted(text)
    }
}

fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04X}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

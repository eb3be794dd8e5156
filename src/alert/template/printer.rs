//! Values in the verbs of Go's `fmt`.

use super::float::{format_float, zeros_before};
use super::quote::{quote, quote_ascii, quote_char};
use super::time;
use super::value::{Sample, Value};
use crate::model::Labels;

/// The flags, width and precision of a directive.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Flags {
    pub(super) plus: bool,
    pub(super) minus: bool,
    pub(super) sharp: bool,
    pub(super) space: bool,
    pub(super) zero: bool,
    /// `%#v`.
    pub(super) go_syntax: bool,
    /// `%+v`.
    pub(super) field_names: bool,
    pub(super) width: Option<usize>,
    pub(super) precision: Option<usize>,
}

/// Writes values.
#[derive(Debug, Default)]
pub(super) struct Printer {
    pub(super) out: String,
    pub(super) flags: Flags,
}

impl Printer {
    /// Writes an argument by a verb.
    pub(super) fn argument(&mut self, value: &Value<'_>, verb: char) {
        if verb == 'T' {
            self.pad(match value {
                Value::None => "<nil>",
                value => value.type_name(),
            });
            return;
        }
        match value {
            Value::None | Value::NilSample if verb == 'v' => self.pad("<nil>"),
            Value::None => self.bad(verb, None),
            value => self.value(value, verb, 0),
        }
    }

    fn value(&mut self, value: &Value<'_>, verb: char, depth: usize) {
        let as_text = matches!(verb, 'v' | 's' | 'x' | 'X' | 'q') && !self.flags.go_syntax;
        match value {
            Value::None | Value::NilSample => self.pad("<nil>"),
            Value::Bool(flag) if matches!(verb, 't' | 'v') => {
                self.pad(if *flag { "true" } else { "false" });
            }
            Value::Float(number) => self.float(*number, verb, value),
            Value::String(text) | Value::Html(text) => self.string(text, verb, value),
            Value::Time(_)
            | Value::TimePointer(_)
            | Value::Duration(_)
            | Value::DurationPointer(_)
            | Value::Month(_)
            | Value::Weekday(_)
                if as_text =>
            {
                self.string(&time::text(value).unwrap_or_default(), verb, value);
            }
            // Go writes how they are made.
            Value::Time(_) | Value::TimePointer(_) | Value::DurationPointer(_) if verb == 'v' => {
                self.pad(&time::text(value).unwrap_or_default());
            }
            Value::Int(number) | Value::Duration(number) => self.integer(*number, verb, value),
            Value::Byte(number) | Value::Month(number) | Value::Weekday(number) => {
                self.integer(i64::from(*number), verb, value);
            }
            Value::Labels(labels) => self.labels(labels, verb),
            Value::SampleLabels(sample) => self.labels(&sample.labels, verb),
            Value::Args(args) => {
                self.open_map("map[string]interface {}");
                for (i, (name, arg)) in args.iter().enumerate() {
                    self.separate(i);
                    self.string(name, verb, &Value::text(name.as_str()));
                    self.out.push(':');
                    match arg {
                        Value::None => self.out.push_str("<nil>"),
                        arg => self.value(arg, verb, depth + 1),
                    }
                }
                self.close_map();
            }
            Value::Root(context) => {
                self.out.push('{');
                self.field(0, "Labels");
                self.labels(context.labels, verb);
                self.field(1, "ExternalLabels");
                self.labels(context.external_labels, verb);
                self.field(2, "ExternalURL");
                let url = context.external_url;
                self.string(url, verb, &Value::text(url));
                self.field(3, "Value");
                self.float(context.value, verb, &Value::Float(context.value));
                self.out.push('}');
            }
            Value::Sample(sample) if depth == 0 => {
                self.out.push('&');
                self.sample(sample, verb);
            }
            // Go writes addresses here, which say nothing and never are the same.
            Value::Sample(sample) => self.sample(sample, verb),
            Value::Vector(samples) => {
                self.out.push('[');
                for (i, sample) in samples.iter().enumerate() {
                    if i > 0 {
                        self.out.push(' ');
                    }
                    self.sample(sample, verb);
                }
                self.out.push(']');
            }
            value => self.bad(verb, Some(value)),
        }
    }

    /// Writes an element of a query's result as the struct that it is.
    pub(super) fn sample(&mut self, sample: &Sample, verb: char) {
        self.out.push('{');
        self.field(0, "Labels");
        self.labels(&sample.labels, verb);
        self.field(1, "Value");
        self.float(sample.value, verb, &Value::Float(sample.value));
        self.out.push('}');
    }

    fn field(&mut self, index: usize, name: &str) {
        if index > 0 {
            self.out
                .push_str(if self.flags.go_syntax { ", " } else { " " });
        }
        if self.flags.field_names || self.flags.go_syntax {
            self.out.push_str(name);
            self.out.push(':');
        }
    }

    fn open_map(&mut self, type_name: &str) {
        if self.flags.go_syntax {
            self.out.push_str(type_name);
            self.out.push('{');
        } else {
            self.out.push_str("map[");
        }
    }

    fn separate(&mut self, index: usize) {
        if index > 0 {
            self.out
                .push_str(if self.flags.go_syntax { ", " } else { " " });
        }
    }

    fn close_map(&mut self) {
        self.out.push(if self.flags.go_syntax { '}' } else { ']' });
    }

    fn labels(&mut self, labels: &Labels, verb: char) {
        self.open_map("map[string]string");
        for (i, (name, value)) in labels.iter().enumerate() {
            self.separate(i);
            self.string(name, verb, &Value::text(name));
            self.out.push(':');
            self.string(value, verb, &Value::text(value));
        }
        self.close_map();
    }

    /// Says that a verb does not fit.
    fn bad(&mut self, verb: char, value: Option<&Value<'_>>) {
        self.out.push_str("%!");
        self.out.push(verb);
        self.out.push('(');
        match value {
            None => self.out.push_str("<nil>"),
            Some(value) => {
                self.out.push_str(value.type_name());
                self.out.push('=');
                self.value(value, 'v', 0);
            }
        }
        self.out.push(')');
    }

    fn string(&mut self, text: &str, verb: char, value: &Value<'_>) {
        let cut = match self.flags.precision {
            Some(len) if verb != 'x' && verb != 'X' => text
                .char_indices()
                .nth(len)
                .map_or(text, |(at, _)| &text[..at]),
            _ => text,
        };
        match verb {
            'v' if self.flags.go_syntax => self.pad(&quote(cut)),
            'v' | 's' => self.pad(cut),
            'q' if self.flags.sharp && !cut.contains(['`', '\r', '\u{7f}']) && plain(cut) => {
                self.pad(&format!("`{cut}`"));
            }
            'q' if self.flags.plus => self.pad(&quote_ascii(cut)),
            'q' => self.pad(&quote(cut)),
            'x' | 'X' => self.hex(text, verb),
            verb => self.bad(verb, Some(value)),
        }
    }

    fn hex(&mut self, text: &str, verb: char) {
        let len = self.flags.precision.unwrap_or(text.len()).min(text.len());
        let prefix = match verb {
            'x' => "0x",
            _ => "0X",
        };
        let mut hex = String::new();
        for (i, byte) in text.bytes().take(len).enumerate() {
            if i > 0 && self.flags.space {
                hex.push(' ');
            }
            if self.flags.sharp && (i == 0 || self.flags.space) {
                hex.push_str(prefix);
            }
            hex.push_str(&match verb {
                'x' => format!("{byte:02x}"),
                _ => format!("{byte:02X}"),
            });
        }
        self.pad(&hex);
    }

    fn integer(&mut self, number: i64, verb: char, value: &Value<'_>) {
        let magnitude = number.unsigned_abs();
        let char_of = || u32::try_from(number).ok().and_then(char::from_u32);
        let digits = match verb {
            'v' | 'd' => magnitude.to_string(),
            'b' => format!("{magnitude:b}"),
            'o' | 'O' => format!("{magnitude:o}"),
            'x' => format!("{magnitude:x}"),
            'X' => format!("{magnitude:X}"),
            'c' => {
                let c = char_of().unwrap_or(char::REPLACEMENT_CHARACTER);
                self.pad(c.encode_utf8(&mut [0; 4]));
                return;
            }
            'q' => {
                let c = char_of().unwrap_or(char::REPLACEMENT_CHARACTER);
                self.pad(&quote_char(c, self.flags.plus));
                return;
            }
            'U' => {
                let mut text = format!("U+{:04X}", number as u64);
                if let Some(c) = char_of().filter(|_| self.flags.sharp) {
                    text.push_str(&format!(" '{c}'"));
                }
                self.pad(&text);
                return;
            }
            verb => return self.bad(verb, Some(value)),
        };
        let prefix = match verb {
            'O' => "0o",
            'b' if self.flags.sharp => "0b",
            'o' if self.flags.sharp && !digits.starts_with('0') => "0",
            'x' if self.flags.sharp => "0x",
            'X' if self.flags.sharp => "0X",
            _ => "",
        };
        let sign = match () {
            () if number < 0 => "-",
            () if self.flags.plus => "+",
            () if self.flags.space => " ",
            () => "",
        };
        let flags = self.flags;
        if flags.precision == Some(0) && number == 0 {
            self.flags.zero = false;
            self.pad("");
            self.flags = flags;
            return;
        }
        let least = match (flags.precision, flags.width) {
            (Some(precision), _) => precision,
            (None, Some(width)) if flags.zero && !flags.minus => width.saturating_sub(sign.len()),
            _ => 0,
        };
        self.flags.zero = false;
        let digits = zeros_before(&digits, least);
        self.pad(&format!("{sign}{prefix}{digits}"));
        self.flags = flags;
    }

    fn float(&mut self, number: f64, verb: char, value: &Value<'_>) {
        let (format, default) = match verb {
            'v' => ('g', None),
            'b' | 'g' | 'G' | 'x' | 'X' => (verb, None),
            'f' | 'e' | 'E' | 'F' => (verb, Some(6)),
            verb => return self.bad(verb, Some(value)),
        };
        let precision = self.flags.precision.or(default);
        let mut text = format_float(number, format, precision);
        let flags = self.flags;
        if !number.is_finite() {
            self.flags.zero = false;
            if number.is_nan() && (flags.plus || flags.space) {
                text.insert(0, '+');
            }
            // Infinity keeps its sign.
            if flags.space && !flags.plus && text.starts_with('+') {
                text.replace_range(..1, " ");
            }
            self.pad(&text);
            self.flags = flags;
            return;
        }
        let (sign, body) = match text.strip_prefix('-') {
            Some(body) => ("-", body),
            None if flags.plus => ("+", text.as_str()),
            None if flags.space => (" ", text.as_str()),
            None => ("", text.as_str()),
        };
        let body = if flags.sharp {
            with_point(body, format, precision)
        } else {
            body.to_owned()
        };
        let width = flags.width.unwrap_or(0);
        if flags.zero && !flags.minus && !sign.is_empty() {
            let least = width.saturating_sub(sign.len());
            self.out.push_str(sign);
            self.out.push_str(&zeros_before(&body, least));
        } else {
            self.pad(&format!("{sign}{body}"));
        }
    }

    /// Writes a text in the wanted width, which counts characters.
    fn pad(&mut self, text: &str) {
        let Some(width) = self.flags.width else {
            self.out.push_str(text);
            return;
        };
        let missing = width.saturating_sub(text.chars().count());
        if self.flags.minus {
            self.out.push_str(text);
            self.out.extend(std::iter::repeat_n(' ', missing));
        } else {
            let filler = if self.flags.zero { '0' } else { ' ' };
            self.out.extend(std::iter::repeat_n(filler, missing));
            self.out.push_str(text);
        }
    }
}

/// Whether a text can stand between backquotes.
fn plain(text: &str) -> bool {
    text.chars().all(|c| c == '\t' || !c.is_control())
}

/// Writes a decimal point, and with `%g` all digits, as the flag `#` wants it.
fn with_point(body: &str, verb: char, precision: Option<usize>) -> String {
    if verb == 'b' {
        return body.to_owned();
    }
    let (mantissa, exponent) = match body.find(['e', 'E', 'p', 'P']) {
        Some(at) if !body.starts_with("0x") || matches!(body.as_bytes()[at], b'p' | b'P') => {
            body.split_at(at)
        }
        _ => (body, ""),
    };
    let mut text = mantissa.to_owned();
    if !text.contains('.') {
        text.push('.');
    }
    if matches!(verb, 'g' | 'G') {
        let wanted = precision.unwrap_or(6);
        let digits = text.trim_start_matches(['0', '.']);
        let mut count = digits.bytes().filter(u8::is_ascii_digit).count();
        if count == 0 {
            // Zero has one digit.
            count = 1;
        }
        text.extend(std::iter::repeat_n('0', wanted.saturating_sub(count)));
    }
    text + exponent
}

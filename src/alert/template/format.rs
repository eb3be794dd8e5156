//! Go's `fmt`: `Sprint`, `Sprintln`, `Sprintf` over a template's values.

use super::float::format_float;
use super::printer::{Flags, Printer};
use super::value::Value;

/// The most that a width or precision may be.
const MOST: usize = 1_000_000;

/// Joins values; a blank stands between two that are no strings.
pub(super) fn sprint(values: &[Value<'_>]) -> String {
    let mut printer = Printer::default();
    let mut after_string = true;
    for (i, value) in values.iter().enumerate() {
        let is_string = matches!(value, Value::String(_) | Value::Html(_));
        if i > 0 && !is_string && !after_string {
            printer.out.push(' ');
        }
        printer.argument(value, 'v');
        after_string = is_string;
    }
    printer.out
}

/// Joins values by blanks and ends the line.
pub(super) fn sprintln(values: &[Value<'_>]) -> String {
    let mut printer = Printer::default();
    for (i, value) in values.iter().enumerate() {
        if i > 0 {
            printer.out.push(' ');
        }
        printer.argument(value, 'v');
    }
    printer.out.push('\n');
    printer.out
}

/// Writes a float as `%.4g` does.
pub(super) fn four_digits(value: f64) -> String {
    format_float(value, 'g', Some(4))
}

/// Fills a format. What does not fit is said in its place, as Go does:
/// `%!d(string=x)`. It stops growing beyond `limit` bytes.
pub(super) fn sprintf(format: &str, values: &[Value<'_>], limit: usize) -> String {
    Sprintf {
        printer: Printer::default(),
        values,
        next: 0,
        reordered: false,
        index_is_good: true,
        after_index: false,
        rest: format,
    }
    .run(limit)
}

struct Sprintf<'v, 'f> {
    printer: Printer,
    values: &'v [Value<'v>],
    next: usize,
    /// Whether an explicit index (`%[1]d`) has been used.
    reordered: bool,
    index_is_good: bool,
    after_index: bool,
    rest: &'f str,
}

impl Sprintf<'_, '_> {
    fn run(mut self, limit: usize) -> String {
        while self.printer.out.len() <= limit {
            let Some(at) = self.rest.find('%') else {
                self.printer.out.push_str(self.rest);
                break;
            };
            self.printer.out.push_str(&self.rest[..at]);
            self.rest = &self.rest[at + 1..];
            if !self.directive() {
                break;
            }
        }
        if !self.reordered && self.next < self.values.len() && self.printer.out.len() <= limit {
            self.printer.flags = Flags::default();
            self.printer.out.push_str("%!(EXTRA ");
            for (i, value) in self.values[self.next..].iter().enumerate() {
                if i > 0 {
                    self.printer.out.push_str(", ");
                }
                if matches!(value, Value::None) {
                    self.printer.out.push_str("<nil>");
                    continue;
                }
                self.printer.out.push_str(value.type_name());
                self.printer.out.push('=');
                self.printer.argument(value, 'v');
            }
            self.printer.out.push(')');
        }
        self.printer.out
    }

    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn take(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.rest = &self.rest[c.len_utf8()..];
        Some(c)
    }

    /// Writes what follows a `%`; false at the format's end.
    fn directive(&mut self) -> bool {
        self.printer.flags = Flags::default();
        self.index_is_good = true;
        self.after_index = false;
        self.flags();
        self.index();
        self.width();
        self.precision();
        if !self.after_index {
            self.index();
        }
        let Some(verb) = self.take() else {
            self.printer.out.push_str("%!(NOVERB)");
            return false;
        };
        if verb == '%' {
            self.printer.out.push('%');
        } else if !self.index_is_good {
            self.problem(verb, "(BADINDEX)");
        } else if let Some(value) = self.values.get(self.next) {
            self.next += 1;
            if verb == 'v' {
                self.printer.flags.go_syntax = std::mem::take(&mut self.printer.flags.sharp);
                self.printer.flags.field_names = std::mem::take(&mut self.printer.flags.plus);
            }
            self.printer.argument(value, verb);
        } else {
            self.problem(verb, "(MISSING)");
        }
        true
    }

    fn problem(&mut self, verb: char, what: &str) {
        self.printer.out.push_str("%!");
        self.printer.out.push(verb);
        self.printer.out.push_str(what);
    }

    fn flags(&mut self) {
        while let Some(c) = self.peek() {
            let flags = &mut self.printer.flags;
            match c {
                '#' => flags.sharp = true,
                '0' => flags.zero = !flags.minus,
                '+' => flags.plus = true,
                '-' => {
                    flags.minus = true;
                    flags.zero = false;
                }
                ' ' => flags.space = true,
                _ => return,
            }
            self.take();
        }
    }

    /// Reads the index of an argument: `[2]`.
    fn index(&mut self) {
        if self.peek() != Some('[') {
            return;
        }
        self.reordered = true;
        let Some(end) = self.rest.find(']') else {
            self.index_is_good = false;
            self.rest = &self.rest[1..];
            return;
        };
        let number = self.rest[1..end].parse::<usize>();
        self.rest = &self.rest[end + 1..];
        self.after_index = true;
        match number {
            Ok(number) if (1..=self.values.len()).contains(&number) => self.next = number - 1,
            _ => self.index_is_good = false,
        }
    }

    fn number(&mut self) -> Option<usize> {
        let digits = self.rest.bytes().take_while(u8::is_ascii_digit).count();
        let number = self.rest[..digits].parse::<usize>().ok();
        if digits > 0 && number.is_none_or(|number| number / 10 > MOST) {
            // Go then takes the rest of the format as read.
            self.rest = "";
            return None;
        }
        self.rest = &self.rest[digits..];
        number
    }

    /// Takes an integer argument for a `*`.
    fn star(&mut self) -> Option<i64> {
        let value = self.values.get(self.next);
        self.next += usize::from(value.is_some());
        value
            .and_then(Value::as_int)
            .filter(|n| n.unsigned_abs() <= MOST as u64)
    }

    fn width(&mut self) {
        if self.peek() != Some('*') {
            self.printer.flags.width = self.number();
            if self.after_index && self.printer.flags.width.is_some() {
                self.index_is_good = false;
            }
            return;
        }
        self.take();
        match self.star() {
            None => self.printer.out.push_str("%!(BADWIDTH)"),
            Some(width) => {
                self.printer.flags.width = Some(width.unsigned_abs() as usize);
                if width < 0 {
                    self.printer.flags.minus = true;
                    self.printer.flags.zero = false;
                }
            }
        }
        self.after_index = false;
    }

    fn precision(&mut self) {
        if self.peek() != Some('.') {
            return;
        }
        self.take();
        if self.after_index {
            self.index_is_good = false;
        }
        self.index();
        if self.peek() != Some('*') {
            self.printer.flags.precision = Some(self.number().unwrap_or(0));
            return;
        }
        self.take();
        match self.star() {
            None => self.printer.out.push_str("%!(BADPREC)"),
            // A negative precision is taken as none; as in Go, it is an error as well.
            Some(precision) => match usize::try_from(precision) {
                Ok(precision) => self.printer.flags.precision = Some(precision),
                Err(_) => self.printer.out.push_str("%!(BADPREC)"),
            },
        }
        self.after_index = false;
    }
}

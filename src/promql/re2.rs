//! Regular expressions in RE2's syntax, as Go has it, in the words of the `regex` crate.
//!
//! Both match in linear time and alike, but they write some things differently:
//! here `\d \w \s \b` are ASCII's, a `{` that starts no repetition is itself, a
//! class knows no `&&`, `--`, `~~` or classes in it, `\<` is `<`, there are
//! octal escapes and `\Q…\E`. Source: <https://github.com/google/re2/wiki/Syntax>
//! and what Go's `regexp/syntax` leaves out of it (`\C`, `\Z`, `(?x)`).

use std::fmt::Write as _;
use std::iter::Peekable;
use std::str::Chars;

/// Why a pattern is no regular expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PatternError(String);

impl PatternError {
    fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

impl From<regex::Error> for PatternError {
    fn from(error: regex::Error) -> Self {
        match error {
            regex::Error::CompiledTooBig(_) => Self::new("the compiled pattern is too big"),
            // The last line says what is wrong; those before it draw our translation.
            error => {
                let text = error.to_string();
                let last = text.lines().last().unwrap_or_default();
                Self::new(last.trim_start_matches("error: "))
            }
        }
    }
}

/// The most that RE2 repeats.
const MOST_REPETITIONS: u32 = 1_000;

const POSIX_CLASSES: [&str; 14] = [
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct",
    "space", "upper", "word", "xdigit",
];

/// Translates a pattern.
pub(crate) fn translate(pattern: &str) -> Result<String, PatternError> {
    let mut translator = Translator {
        chars: pattern.chars().peekable(),
        out: String::with_capacity(pattern.len() + 8),
        depth: 0,
    };
    translator.run()?;
    Ok(translator.out)
}

struct Translator<'a> {
    chars: Peekable<Chars<'a>>,
    out: String,
    /// The groups that are open.
    depth: usize,
}

impl Translator<'_> {
    fn run(&mut self) -> Result<(), PatternError> {
        // Whether the last thing was a repetition, which cannot be repeated.
        let mut repeated = false;
        while let Some(c) = self.chars.next() {
            let repeats = match c {
                '\\' => {
                    self.escape()?;
                    false
                }
                '[' => {
                    self.class()?;
                    false
                }
                '(' => {
                    self.group()?;
                    false
                }
                '*' | '+' | '?' => {
                    self.out.push(c);
                    true
                }
                '{' => self.braces()?,
                ')' => {
                    let unopened = || PatternError::new("no `(` belongs to a `)`");
                    self.depth = self.depth.checked_sub(1).ok_or_else(unopened)?;
                    self.out.push(')');
                    false
                }
                '|' | '.' | '^' | '$' => {
                    self.out.push(c);
                    false
                }
                c => {
                    self.literal(c);
                    false
                }
            };
            if repeats {
                if repeated {
                    return Err(PatternError::new("a repetition cannot be repeated"));
                }
                if self.chars.next_if_eq(&'?').is_some() {
                    self.out.push('?');
                }
            }
            repeated = repeats;
        }
        if self.depth > 0 {
            return Err(PatternError::new("a `(` is not closed"));
        }
        Ok(())
    }

    fn literal(&mut self, c: char) {
        if c.is_ascii() && !c.is_ascii_alphanumeric() {
            let _ = write!(self.out, "\\x{:02x}", u32::from(c));
        } else {
            self.out.push(c);
        }
    }

    fn escape(&mut self) -> Result<(), PatternError> {
        let Some(&c) = self.chars.peek() else {
            return Err(PatternError::new("the pattern ends with a backslash"));
        };
        match c {
            'Q' => self.quoted(),
            'A' | 'z' => self.take_as(&format!("\\{c}")),
            'b' | 'B' => self.take_as(&format!("(?-u:\\{c})")),
            'd' | 'D' | 's' | 'S' | 'w' | 'W' => {
                self.take_as(&format!("[{}]", perl_class(c)));
            }
            'p' | 'P' => {
                let class = self.unicode_class()?;
                self.out.push_str(&class);
            }
            'C' => return Err(PatternError::new("\\C (any byte) is not supported")),
            _ => {
                let c = self.escaped_char()?;
                self.literal(c);
            }
        }
        Ok(())
    }

    /// Takes one character and writes something else.
    fn take_as(&mut self, text: &str) {
        self.chars.next();
        self.out.push_str(text);
    }

    /// `\Q…\E`, or to the end.
    fn quoted(&mut self) {
        self.chars.next();
        while let Some(c) = self.chars.next() {
            if c == '\\' && self.chars.next_if_eq(&'E').is_some() {
                return;
            }
            self.literal(c);
        }
    }

    /// An escape that stands for one character; its backslash has been taken.
    fn escaped_char(&mut self) -> Result<char, PatternError> {
        let Some(c) = self.chars.next() else {
            return Err(PatternError::new("the pattern ends with a backslash"));
        };
        match c {
            'a' => Ok('\x07'),
            'f' => Ok('\x0c'),
            'n' => Ok('\n'),
            'r' => Ok('\r'),
            't' => Ok('\t'),
            'v' => Ok('\x0b'),
            'x' => self.hexadecimal(),
            '0' => Ok(self.octal(0)),
            '1'..='7' if self.chars.peek().is_some_and(|next| next.is_digit(8)) => {
                Ok(self.octal(c.to_digit(8).unwrap_or(0)))
            }
            '1'..='9' => Err(PatternError::new(format!(
                "back-references (\\{c}) are not supported"
            ))),
            c if c.is_ascii() && !c.is_ascii_alphanumeric() => Ok(c),
            c => Err(PatternError::new(format!("invalid escape sequence \\{c}"))),
        }
    }

    /// Up to two more octal digits.
    fn octal(&mut self, first: u32) -> char {
        let mut value = first;
        for _ in 0..2 {
            let Some(digit) = self.chars.peek().and_then(|c| c.to_digit(8)) else {
                break;
            };
            self.chars.next();
            value = value * 8 + digit;
        }
        char::from_u32(value).unwrap_or(char::REPLACEMENT_CHARACTER)
    }

    /// `\x7F` or `\x{10FFFF}`.
    fn hexadecimal(&mut self) -> Result<char, PatternError> {
        let fail = || PatternError::new("\\x needs two hexadecimal digits or {…}");
        let mut value = 0_u32;
        if self.chars.next_if_eq(&'{').is_none() {
            for _ in 0..2 {
                let digit = self.chars.next().and_then(|c| c.to_digit(16));
                value = value * 16 + digit.ok_or_else(fail)?;
            }
            return char::from_u32(value).ok_or_else(fail);
        }
        let mut digits = 0;
        loop {
            let c = self.chars.next().ok_or_else(fail)?;
            if c == '}' && digits > 0 {
                return char::from_u32(value).ok_or_else(fail);
            }
            value = c
                .to_digit(16)
                .and_then(|digit| value.checked_mul(16)?.checked_add(digit))
                .ok_or_else(fail)?;
            digits += 1;
        }
    }

    /// `\pN`, `\p{Greek}`, `\p{^Greek}`; its letter comes next.
    fn unicode_class(&mut self) -> Result<String, PatternError> {
        let fail = || PatternError::new("\\p needs the name of a Unicode class");
        let mut negated = self.chars.next() == Some('P');
        let first = self.chars.next().ok_or_else(fail)?;
        let mut name = String::new();
        if first == '{' {
            negated ^= self.chars.next_if_eq(&'^').is_some();
            loop {
                match self.chars.next().ok_or_else(fail)? {
                    '}' => break,
                    c if c.is_ascii_alphabetic() || c == '_' => name.push(c),
                    _ => return Err(fail()),
                }
            }
        } else if first.is_ascii_alphabetic() {
            name.push(first);
        }
        if name.is_empty() {
            return Err(fail());
        }
        let letter = if negated { 'P' } else { 'p' };
        Ok(format!("\\{letter}{{{name}}}"))
    }

    /// The start of a group, whose parenthesis has been taken.
    fn group(&mut self) -> Result<(), PatternError> {
        self.out.push('(');
        self.depth += 1;
        if self.chars.next_if_eq(&'?').is_none() {
            return Ok(());
        }
        self.out.push('?');
        if self.chars.next_if_eq(&'P').is_some() {
            self.out.push('P');
        }
        if self.chars.next_if_eq(&'<').is_some() {
            return self.group_name();
        }
        // Flags, to `)` or `:`.
        for c in self.chars.by_ref() {
            self.out.push(c);
            match c {
                ')' => {
                    self.depth -= 1;
                    return Ok(());
                }
                ':' => return Ok(()),
                'i' | 'm' | 's' | 'U' | '-' => {}
                '=' | '!' => {
                    return Err(PatternError::new("look-around is not supported"));
                }
                c => return Err(PatternError::new(format!("unknown flag {c:?} in a group"))),
            }
        }
        Err(PatternError::new("a `(` is not closed"))
    }

    fn group_name(&mut self) -> Result<(), PatternError> {
        self.out.push('<');
        for c in self.chars.by_ref() {
            self.out.push(c);
            match c {
                '>' => return Ok(()),
                '=' | '!' => {
                    return Err(PatternError::new("look-around is not supported"));
                }
                c if c == '_' || c.is_ascii_alphanumeric() => {}
                _ => break,
            }
        }
        Err(PatternError::new("invalid name of a group"))
    }

    /// A repetition `{n}`, `{n,}`, `{n,m}`, whose brace has been taken, or a
    /// brace as such. Returns whether it is a repetition.
    fn braces(&mut self) -> Result<bool, PatternError> {
        let ahead: String = self.chars.clone().take_while(|c| *c != '}').collect();
        let closed = self.chars.clone().any(|c| c == '}');
        let (least, most) = match ahead.split_once(',') {
            Some((least, most)) => (least, Some(most)),
            None => (&*ahead, None),
        };
        let count = |text: &str| {
            let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
            digits && (text.len() == 1 || !text.starts_with('0'))
        };
        if !closed || !count(least) || most.is_some_and(|most| !most.is_empty() && !count(most)) {
            self.literal('{');
            return Ok(false);
        }
        let value = |text: &str| text.parse::<u32>().unwrap_or(u32::MAX);
        let most = most.filter(|most| !most.is_empty()).unwrap_or(least);
        if value(most) > MOST_REPETITIONS
            || value(least) > MOST_REPETITIONS
            || value(most) < value(least)
        {
            return Err(PatternError::new(format!(
                "invalid repetition {{{ahead}}}: at most {MOST_REPETITIONS}, from small to large"
            )));
        }
        let _ = write!(self.out, "{{{ahead}}}");
        for _ in 0..=ahead.chars().count() {
            self.chars.next();
        }
        Ok(true)
    }

    /// A class `[…]`, whose bracket has been taken.
    fn class(&mut self) -> Result<(), PatternError> {
        self.out.push('[');
        if self.chars.next_if_eq(&'^').is_some() {
            self.out.push('^');
        }
        let mut first = true;
        loop {
            let Some(&c) = self.chars.peek() else {
                return Err(PatternError::new("a `[` is not closed"));
            };
            if c == ']' && !first {
                self.chars.next();
                self.out.push(']');
                return Ok(());
            }
            first = false;
            if c == '[' && self.posix_class()? {
                continue;
            }
            if c == '\\' && self.class_in_class()? {
                continue;
            }
            self.class_range()?;
        }
    }

    /// `[:alpha:]` or `[:^alpha:]`, should that come next.
    fn posix_class(&mut self) -> Result<bool, PatternError> {
        let ahead = self.chars.clone().skip(1).collect::<String>();
        let Some((name, _)) = ahead
            .strip_prefix(':')
            .and_then(|rest| rest.split_once(":]"))
        else {
            return Ok(false);
        };
        if !POSIX_CLASSES.contains(&name.strip_prefix('^').unwrap_or(name)) {
            return Err(PatternError::new(format!("unknown class [:{name}:]")));
        }
        let _ = write!(self.out, "[:{name}:]");
        for _ in 0..name.len() + 4 {
            self.chars.next();
        }
        Ok(true)
    }

    /// `\d`, `\pN` and their like, should one come next.
    fn class_in_class(&mut self) -> Result<bool, PatternError> {
        match self.chars.clone().nth(1) {
            Some(c @ ('d' | 'D' | 's' | 'S' | 'w' | 'W')) => {
                self.chars.next();
                self.take_as(&format!("[{}]", perl_class(c)));
                Ok(true)
            }
            Some('p' | 'P') => {
                self.chars.next();
                let class = self.unicode_class()?;
                self.out.push_str(&class);
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// One character or a range of them.
    fn class_range(&mut self) -> Result<(), PatternError> {
        let from = self.class_char()?;
        let mut to = from;
        let mut ahead = self.chars.clone();
        if ahead.next() == Some('-') && ahead.next().is_some_and(|c| c != ']') {
            self.chars.next();
            to = self.class_char()?;
            if to < from {
                return Err(PatternError::new(format!("invalid range {from}-{to}")));
            }
        }
        let _ = write!(self.out, "\\x{{{:x}}}", u32::from(from));
        if to > from {
            let _ = write!(self.out, "-\\x{{{:x}}}", u32::from(to));
        }
        Ok(())
    }

    fn class_char(&mut self) -> Result<char, PatternError> {
        match self.chars.next() {
            Some('\\') => self.escaped_char(),
            Some(c) => Ok(c),
            None => Err(PatternError::new("a `[` is not closed")),
        }
    }
}

/// The inside of the class of an ASCII escape.
fn perl_class(letter: char) -> &'static str {
    match letter {
        'd' => "0-9",
        'D' => "^0-9",
        's' => "\\t\\n\\x0c\\r\\x20",
        'S' => "^\\t\\n\\x0c\\r\\x20",
        'w' => "0-9A-Za-z_",
        _ => "^0-9A-Za-z_",
    }
}

#[cfg(test)]
mod tests;

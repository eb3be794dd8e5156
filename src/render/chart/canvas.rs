use std::fmt::Write;

use anstyle::{Ansi256Color, Style};

use crate::render::text::char_width;

/// How a character is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ink {
    /// As the terminal writes.
    Plain,
    /// What frames the values.
    Dim,
    /// Titles.
    Bold,
    /// The colour of the series in this place of the legend.
    Series(usize),
    /// What lies behind the lines.
    Band,
}

/// The xterm colours nearest to Okabe and Ito's ("Color Universal Design",
/// 2008): blue, orange, bluish green, reddish purple, sky blue, vermilion,
/// yellow, grey. Black is left out and blue lightened: it must show on black.
const OKABE_ITO: [u8; 8] = [32, 172, 36, 175, 74, 166, 220, 102];

impl Ink {
    fn style(self) -> Style {
        match self {
            Self::Plain => Style::new(),
            Self::Dim | Self::Band => Style::new().dimmed(),
            Self::Bold => Style::new().bold(),
            Self::Series(place) => {
                let color = Ansi256Color(OKABE_ITO[place % OKABE_ITO.len()]);
                Style::new().fg_color(Some(color.into()))
            }
        }
    }
}

/// A grid of characters, one terminal column each.
#[derive(Debug, Clone)]
pub(super) struct Canvas {
    width: usize,
    height: usize,
    cells: Vec<(Glyph, Ink)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Glyph {
    Char(char),
    /// The second column of a wide character.
    Covered,
}

impl Canvas {
    pub(super) fn new(width: usize, height: usize) -> Self {
        Self {
            width,
            height,
            cells: vec![(Glyph::Char(' '), Ink::Plain); width * height],
        }
    }

    pub(super) fn height(&self) -> usize {
        self.height
    }

    /// Sets one character of one column; outside of the grid it is left out.
    pub(super) fn put(&mut self, x: usize, y: usize, c: char, ink: Ink) {
        if x < self.width && y < self.height {
            self.cells[y * self.width + x] = (Glyph::Char(c), ink);
        }
    }

    /// Writes a text, cut at the edge, and returns the column after it.
    pub(super) fn text(&mut self, x: usize, y: usize, text: &str, ink: Ink) -> usize {
        let mut x = x;
        for c in text.chars() {
            let width = char_width(c);
            if width == 0 {
                continue;
            }
            if x + width > self.width || y >= self.height {
                break;
            }
            self.put(x, y, c, ink);
            for covered in x + 1..x + width {
                self.cells[y * self.width + covered] = (Glyph::Covered, ink);
            }
            x += width;
        }
        x
    }

    /// Copies another grid into this one.
    pub(super) fn paste(&mut self, x: usize, y: usize, other: &Self) {
        for row in 0..other.height.min(self.height.saturating_sub(y)) {
            for column in 0..other.width.min(self.width.saturating_sub(x)) {
                self.cells[(y + row) * self.width + x + column] =
                    other.cells[row * other.width + column];
            }
        }
    }

    /// Writes the lines, without spaces at their ends.
    pub(super) fn write(&self, out: &mut String, color: bool) {
        for row in self.cells.chunks(self.width.max(1)) {
            let end = row
                .iter()
                .rposition(|(glyph, _)| !matches!(glyph, Glyph::Char(' ' | '\u{2800}')))
                .map_or(0, |last| last + 1);
            let mut current = Ink::Plain;
            for (glyph, ink) in &row[..end] {
                let Glyph::Char(c) = *glyph else { continue };
                // A space looks alike in every ink.
                let ink = if c == ' ' { current } else { *ink };
                if color && ink != current {
                    let (before, after) = (current.style(), ink.style());
                    let _ = write!(out, "{before:#}{after}");
                    current = ink;
                }
                out.push(c);
            }
            if color {
                let _ = write!(out, "{:#}", current.style());
            }
            out.push('\n');
        }
    }
}

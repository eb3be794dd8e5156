use super::canvas::{Canvas, Ink};

/// Bits of the dots in a cell of two columns and four rows (Unicode
/// "Braille Patterns", U+2800).
const DOTS: [[u8; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];

/// A field of dots, two by four in each character.
pub(super) struct Braille {
    columns: usize,
    rows: usize,
    cells: Vec<(u8, Ink)>,
}

impl Braille {
    pub(super) fn new(columns: usize, rows: usize) -> Self {
        Self {
            columns,
            rows,
            cells: vec![(0, Ink::Plain); columns * rows],
        }
    }

    /// Sets a dot; a cell takes the colour of what was drawn last.
    pub(super) fn dot(&mut self, x: usize, y: usize, ink: Ink) {
        if x < self.columns * 2 && y < self.rows * 4 {
            let cell = &mut self.cells[y / 4 * self.columns + x / 2];
            *cell = (cell.0 | DOTS[y % 4][x % 2], ink);
        }
    }

    /// Sets a dot of a line: it takes away what lies behind it in its cell.
    pub(super) fn line_dot(&mut self, x: usize, y: usize, ink: Ink) {
        if x < self.columns * 2 && y < self.rows * 4 {
            let cell = &mut self.cells[y / 4 * self.columns + x / 2];
            if cell.1 == Ink::Band {
                cell.0 = 0;
            }
        }
        self.dot(x, y, ink);
    }

    /// Calls `dot` for each dot of a line (Bresenham 1965), ends included.
    pub(super) fn line(
        from: (usize, usize),
        to: (usize, usize),
        mut dot: impl FnMut(usize, usize),
    ) {
        let signed = |(x, y): (usize, usize)| (x as i64, y as i64);
        let ((mut x, mut y), (end_x, end_y)) = (signed(from), signed(to));
        let (dx, dy) = ((end_x - x).abs(), -(end_y - y).abs());
        let (step_x, step_y) = ((end_x - x).signum(), (end_y - y).signum());
        let mut error = dx + dy;
        loop {
            dot(x as usize, y as usize);
            if (x, y) == (end_x, end_y) {
                return;
            }
            let doubled = 2 * error;
            if doubled >= dy {
                error += dy;
                x += step_x;
            }
            if doubled <= dx {
                error += dx;
                y += step_y;
            }
        }
    }

    /// Puts the cells that have dots on a canvas.
    pub(super) fn paint(&self, canvas: &mut Canvas, x: usize, y: usize) {
        for (at, (bits, ink)) in self.cells.iter().enumerate() {
            if *bits != 0
                && let Some(c) = char::from_u32(0x2800 + u32::from(*bits))
            {
                canvas.put(x + at % self.columns, y + at / self.columns, c, *ink);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_a_diagonal() {
        let mut field = Braille::new(2, 1);
        Braille::line((0, 3), (3, 0), |x, y| field.dot(x, y, Ink::Plain));
        let mut canvas = Canvas::new(2, 1);
        field.paint(&mut canvas, 0, 0);
        let mut text = String::new();
        canvas.write(&mut text, false);
        assert_eq!(text, "⡠⠊\n");
    }
}

//! A place on the terminal that is drawn again and again.

use std::io::{self, Write};

use crate::failure::Failure;
use crate::output;

/// Lines at the end of the terminal, each drawing in the place of the one before it.
pub(super) struct Screen {
    lines: usize,
}

impl Screen {
    /// None where the output is no screen.
    pub(super) fn of_stdout() -> Option<Self> {
        output::is_screen(&io::stdout()).then_some(Self { lines: 0 })
    }

    pub(super) fn draw(&mut self, text: &str) -> Result<(), Failure> {
        let mut drawing = String::new();
        if self.lines > 0 {
            drawing.push_str(&format!("\x1b[{}A", self.lines));
        }
        // A line that is cut off at the edge is one line; one that is wrapped would be two. Each is cleared as it is
        // written, so that nothing flickers.
        drawing.push_str("\x1b[?7l");
        for line in text.lines() {
            drawing.push_str(&format!("{line}\x1b[K\n"));
        }
        drawing.push_str("\x1b[J\x1b[?7h");
        self.lines = text.lines().count();
        let mut out = anstream::stdout().lock();
        out.write_all(drawing.as_bytes())?;
        Ok(out.flush()?)
    }
}

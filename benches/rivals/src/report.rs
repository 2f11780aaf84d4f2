//! What is printed, and written as markdown.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::Path;
use std::time::Duration;

/// The report of a run: every line is printed when it comes and kept for the file.
#[derive(Debug, Default)]
pub struct Report {
    text: String,
}

impl Report {
    /// Begins a section: its title, what is measured, and the target.
    pub fn section(&mut self, title: &str, about: &str, target: &str) {
        self.line(&format!("\n## {title}\n\n{about}\n\nTarget: {target}\n"));
    }

    /// A line of its own.
    pub fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
        // A reader that went away does not end the measurement.
        let _ = writeln!(io::stdout(), "{line}");
    }

    /// Something the reader has to know before believing a figure.
    pub fn warning(&mut self, text: &str) {
        self.line(&format!("- warning: {text}"));
    }

    /// A table.
    pub fn table(&mut self, table: &Table) {
        self.line(&table.to_string());
    }

    /// Writes the whole report.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        std::fs::write(path, &self.text)
    }
}

/// A table, printed as aligned markdown.
#[derive(Clone, Debug)]
pub struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table without rows.
    #[must_use]
    pub fn new(headings: &[&str]) -> Self {
        Self { rows: vec![headings.iter().map(|heading| (*heading).to_owned()).collect()] }
    }

    /// Adds a row; it has as many cells as there are headings.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }
}

impl std::fmt::Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let width = |column: usize| {
            self.rows.iter().filter_map(move |row| row.get(column)).map(|cell| cell.chars().count())
        };
        let widths: Vec<usize> =
            (0..self.rows[0].len()).map(|column| width(column).max().unwrap_or(0)).collect();
        for (number, row) in self.rows.iter().enumerate() {
            let mut line = String::from("|");
            for (cell, width) in row.iter().zip(&widths) {
                write!(line, " {cell:width$} |")?;
            }
            writeln!(f, "{line}")?;
            if number == 0 {
                let rules: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
                writeln!(f, "| {} |", rules.join(" | "))?;
            }
        }
        Ok(())
    }
}

/// A duration in milliseconds, to three digits.
#[must_use]
pub fn millis(taken: Duration) -> String {
    let millis = taken.as_secs_f64() * 1e3;
    match millis {
        0.0..1.0 => format!("{millis:.3}"),
        1.0..10.0 => format!("{millis:.2}"),
        10.0..100.0 => format!("{millis:.1}"),
        _ => format!("{millis:.0}"),
    }
}

/// Bytes in megabytes (10^6).
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
pub fn megabytes(bytes: u64) -> String {
    format!("{:.1}", bytes as f64 / 1e6)
}

/// A ratio, as a multiple.
#[must_use]
pub fn times(ratio: f64) -> String {
    if ratio < 0.1 { format!("{ratio:.3}x") } else { format!("{ratio:.2}x") }
}

/// Whether a target was met.
#[must_use]
pub fn verdict(met: bool) -> String {
    String::from(if met { "met" } else { "MISSED" })
}

/// One number of bytes as a multiple of another.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "two digits are shown")]
pub fn bytes_ratio(bytes: u64, to: u64) -> f64 {
    bytes as f64 / to as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_aligned() {
        let mut table = Table::new(&["what", "ms"]);
        table.row(["word".to_owned(), "0.5".to_owned()]);
        assert_eq!(table.to_string(), "| what | ms  |\n| ---- | --- |\n| word | 0.5 |\n");
    }

    #[test]
    fn three_digits() {
        let shown: Vec<String> = [420, 4_200, 42_000, 420_000]
            .map(|micros| millis(Duration::from_micros(micros)))
            .to_vec();
        assert_eq!(shown, ["0.420", "4.20", "42.0", "420"]);
    }
}

//! Tables for people.

use comfy_table::{
    CellAlignment, ColumnConstraint, ContentArrangement, LineStyle, Row, TableStyle, Width,
};

use crate::output::RESET;
use crate::terminal::{MARK_OFF, MARK_ON, clean};

/// Longest text handed to a cell, in characters; no terminal is wider.
const CELL_CHARS: usize = 240;
/// One rule under the header, nothing else.
const STYLE: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─'));

/// A table: one line a row, cut to the terminal.
#[derive(Debug)]
pub struct Table {
    inner: comfy_table::Table,
    columns: usize,
}

/// A column.
#[derive(Clone, Debug)]
pub enum Column {
    /// Text, as wide as there is room.
    Text(&'static str),
    /// Text that takes no more than so many hundredths of the width.
    Part(&'static str, u16),
    /// Text that is never cut.
    Whole(&'static str),
    /// A number, on the right, never cut.
    Number(&'static str),
    /// A value of some property, on the right; its name is safe to print.
    Value(String),
}

impl Column {
    fn name(&self) -> &str {
        match self {
            Self::Text(name) | Self::Part(name, _) | Self::Whole(name) | Self::Number(name) => name,
            Self::Value(name) => name,
        }
    }
}

impl Table {
    /// An empty table.
    pub fn new(columns: &[Column]) -> Self {
        let mut inner = comfy_table::Table::new();
        inner.load_style(STYLE);
        inner.set_content_arrangement(ContentArrangement::Dynamic);
        inner.set_truncation_indicator("…");
        inner.set_header(columns.iter().map(Column::name));
        for (place, column) in columns.iter().enumerate() {
            let Some(shown) = inner.column_mut(place) else { continue };
            shown.set_padding((0, 2));
            match column {
                Column::Text(_) => {}
                Column::Part(_, percent) => {
                    let most = Width::Percentage(*percent);
                    shown.set_constraint(ColumnConstraint::UpperBoundary(most));
                }
                Column::Value(_) => {
                    shown.set_cell_alignment(CellAlignment::Right);
                }
                Column::Whole(_) => {
                    shown.set_constraint(ColumnConstraint::ContentWidth);
                }
                Column::Number(_) => {
                    shown.set_cell_alignment(CellAlignment::Right);
                    shown.set_constraint(ColumnConstraint::ContentWidth);
                }
            }
        }
        Self { inner, columns: columns.len() }
    }

    /// Adds a row of cells, which are made safe to print.
    pub fn row<S: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = S>) -> &mut Self {
        let cells = cells.into_iter().map(|cell| {
            let short: String = cell.as_ref().chars().take(CELL_CHARS).collect();
            clean(&short)
        });
        self.marked_row(cells)
    }

    /// Adds a row of cells that are safe to print and may have marks in them.
    pub fn marked_row(&mut self, cells: impl IntoIterator<Item = String>) -> &mut Self {
        let mut row: Row = cells.into_iter().collect::<Vec<_>>().into();
        debug_assert_eq!(row.cell_count(), self.columns, "a cell for each column");
        row.max_height(1);
        self.inner.add_row(row);
        self
    }

    /// The table's lines for a terminal of this width.
    pub fn lines(&self, width: u16, colour: bool) -> Vec<String> {
        let mut sized = self.inner.clone();
        sized.set_width(width);
        let lines = sized.lines().enumerate();
        lines.map(|(number, line)| finish(line.trim_end(), number, colour)).collect()
    }
}

/// Puts colour where the marks are. A mark that was cut off ends with its line.
fn finish(line: &str, number: usize, colour: bool) -> String {
    if !colour {
        return line.replace([MARK_ON, MARK_OFF], "");
    }
    let style = match number {
        0 => "\u{1b}[1m",
        1 => "\u{1b}[2m",
        _ if !line.contains(MARK_ON) => return line.to_owned(),
        _ => "",
    };
    let line = line.replace(MARK_ON, "\u{1b}[1;33m").replace(MARK_OFF, RESET);
    format!("{style}{line}{RESET}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Table {
        let mut table = Table::new(&[Column::Text("name"), Column::Number("files")]);
        table.row(["帆船".to_owned(), "7".to_owned()]);
        table.row(["a name that is too long for this terminal".to_owned(), "1,234".to_owned()]);
        table
    }

    #[test]
    fn columns_are_aligned_and_cut() {
        let want = "\
name                 files
────────────────────────────
帆船                     7
a name that is too…  1,234";
        assert_eq!(sample().lines(28, false).join("\n"), want);
    }

    #[test]
    fn marks_take_no_room() {
        let mut table = Table::new(&[Column::Text("a"), Column::Text("b")]);
        table.marked_row([format!("x{MARK_ON}y{MARK_OFF}"), "z".to_owned()]);
        table.row(["xy", "z"]);
        let plain = table.lines(40, false);
        assert_eq!(plain[2], plain[3]);
        assert_eq!(table.lines(40, true)[2], "x\u{1b}[1;33my\u{1b}[0m  z\u{1b}[0m");
    }
}

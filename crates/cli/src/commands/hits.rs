//! Hits of a query as a table; `query` and `demo` show the same one.

use filedex::{AttributePath, FileRecord, ListedFile, Parts, SortBy, Status, export};
use serde_json::{Value, json};

use crate::highlight::excerpt;
use crate::output::Output;
use crate::table::{Column, Table};
use crate::terminal::clean;
use crate::units::{size, time};

/// From this width on the time of a file is shown, and not just its day.
const TIME_WIDTH: u16 = 150;
/// The share of the width that the folder can take.
const FOLDER_PERCENT: u16 = 18;

/// A hit as JSON, with its score in each source where the page is ranked by meaning.
pub fn as_json(hit: &ListedFile) -> Value {
    let mut json = export::hit(hit);
    if let Some(parts) = &hit.parts {
        json["parts"] = parts_json(parts);
    }
    json
}

/// Scores in each source as JSON.
pub fn parts_json(parts: &Parts) -> Value {
    json!({ "similarity": parts.similarity, "bm25": parts.bm25, "fused": parts.fused })
}

/// The columns of what hits are ranked by.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ranking {
    /// None: they are ordered by a field.
    None,
    /// BM25.
    Words,
    /// The similarity.
    Meaning,
    /// What the two were joined to, and each.
    Mix,
}

impl Ranking {
    fn of(hits: &[ListedFile]) -> Self {
        let any =
            |has: fn(&Parts) -> bool| hits.iter().any(|hit| hit.parts.as_ref().is_some_and(has));
        if any(|parts| parts.fused.is_some()) {
            Self::Mix
        } else if any(|_| true) {
            Self::Meaning
        } else if hits.iter().any(|hit| hit.score.is_some()) {
            Self::Words
        } else {
            Self::None
        }
    }

    fn columns(self) -> &'static [Column] {
        match self {
            Self::None => &[],
            Self::Words | Self::Meaning => &[Column::Number("score")],
            Self::Mix => {
                &[Column::Number("joined"), Column::Number("similarity"), Column::Number("bm25")]
            }
        }
    }

    fn cells(self, hit: &ListedFile) -> Vec<String> {
        let shown = |score: Option<f32>, digits: usize| {
            score.map(|score| format!("{score:.digits$}")).unwrap_or_default()
        };
        let parts = hit.parts.unwrap_or_default();
        match self {
            Self::None => Vec::new(),
            Self::Words => vec![shown(hit.score, 2)],
            Self::Meaning => vec![shown(hit.score, 4)],
            Self::Mix => {
                vec![shown(parts.fused, 4), shown(parts.similarity, 4), shown(parts.bm25, 2)]
            }
        }
    }
}

/// A table of hits. The columns that no hit has something for are left out.
/// Where they are ordered by an attribute, it has a column.
pub fn table(hits: &[ListedFile], sort: Option<&SortBy>, output: &Output) -> Table {
    let any = |has: fn(&FileRecord) -> bool| hits.iter().any(|hit| has(&hit.record));
    let ranking = Ranking::of(hits);
    let highlighted = hits.iter().any(|hit| !hit.highlights.is_empty());
    let deleted = any(|record| record.status == Status::Deleted);
    let folder_room = usize::from(output.width() * FOLDER_PERCENT / 100).saturating_sub(2);
    let mut columns = ranking.columns().to_vec();
    columns.extend([
        Column::Part("name", 20),
        Column::Part("folder", FOLDER_PERCENT),
        Column::Whole("type"),
    ]);
    let sized = any(|record| record.data_size.is_some());
    if sized {
        columns.push(Column::Number("size"));
    }
    let dated = any(|record| date(record).is_some());
    if dated {
        columns.push(Column::Whole("date"));
    }
    if deleted {
        columns.push(Column::Whole("status"));
    }
    let attribute = match sort {
        Some(SortBy::Attribute(path)) => Some(path),
        _ => None,
    };
    if let Some(path) = attribute {
        let name = path.names().last().map(|name| clean(name)).unwrap_or_default();
        columns.push(Column::Value(name));
    }
    let tagged = any(|record| !record.tags.is_empty());
    if tagged {
        columns.push(Column::Part("tags", 20));
    }
    columns.push(Column::Text(if highlighted { "match" } else { "comment" }));
    let mut table = Table::new(&columns);
    for hit in hits {
        let record = &hit.record;
        let mut cells = ranking.cells(hit);
        cells.extend([
            clean(&record.file_name),
            end_of(&clean(&record.file_dir), folder_room),
            clean(record.content_type.as_ref().or(record.file_type.as_ref()).map_or("", |t| t)),
        ]);
        if sized {
            cells.push(record.data_size.map(size).unwrap_or_default());
        }
        if dated {
            cells.push(date(record).map(|date| day(&date, output.width())).unwrap_or_default());
        }
        if deleted {
            cells.push(format!("{:?}", record.status).to_lowercase());
        }
        if let Some(path) = attribute {
            cells.push(value_at(record, path));
        }
        if tagged {
            cells.push(clean(&record.tags.all().join(", ")));
        }
        cells.push(excerpt(hit, output.shows_colour()));
        table.marked_row(cells);
    }
    table
}

/// The end of a path, which tells more of it than its beginning.
fn end_of(path: &str, room: usize) -> String {
    let length = path.chars().count();
    if length <= room {
        return path.to_owned();
    }
    let kept: String = path.chars().skip(length + 1 - room.max(1)).collect();
    format!("…{kept}")
}

/// What a record has at a path, as text.
fn value_at(record: &FileRecord, path: &AttributePath) -> String {
    let mut names = path.names().iter();
    let top = names.next().and_then(|name| record.attributes.get(name));
    match names.try_fold(top, |value, name| Some(value?.get(name))).flatten() {
        None => String::new(),
        Some(Value::String(text)) => clean(text),
        Some(other) => clean(&other.to_string()),
    }
}

/// When the content last changed, else when the file was made.
fn date(record: &FileRecord) -> Option<String> {
    record.file_update_time.or(record.file_create_time).map(time)
}

fn day(time: &str, width: u16) -> String {
    if width >= TIME_WIDTH {
        return time.to_owned();
    }
    time.split('T').next().unwrap_or(time).to_owned()
}

//! The words control properties are set to: each enumeration as one table.

use filedex_model::{Order, SortBy, StatusFilter};

use crate::error::{ErrorKind, Fault, joined, shortened};
use crate::names::{self, Target};
use crate::parser;

/// What a reader of single words answers: the value, or the words there are.
pub(crate) type Named<T> = Result<T, (String, Vec<&'static str>)>;

/// The fault of a word outside an enumeration.
pub(crate) fn unknown(message: String, known: &[&str]) -> Fault {
    let fault = Fault::new(ErrorKind::Value, message);
    let quoted: Vec<String> = known.iter().map(|name| format!("'{name}'")).collect();
    fault.help(format!("it is one of {}", joined(&quoted, " or ")))
}

/// The value called `text` in any case, of those in `table`.
pub(crate) fn lookup<T: Clone>(what: &str, text: &str, table: &[(&'static str, T)]) -> Named<T> {
    let found = table.iter().find(|(name, _)| name.eq_ignore_ascii_case(text));
    found.map(|(_, value)| value.clone()).ok_or_else(|| {
        let known = table.iter().map(|(name, _)| *name).collect();
        (format!("`{}` is no {what}", shortened(text)), known)
    })
}

/// The status filter called `text`.
pub(crate) fn status(text: &str) -> Named<StatusFilter> {
    let table = [
        ("ACTIVE", StatusFilter::Active),
        ("DELETED", StatusFilter::Deleted),
        ("ALL", StatusFilter::All),
    ];
    lookup("Status", text, &table)
}

/// The order called `text`.
pub(crate) fn order(text: &str) -> Named<Order> {
    lookup("Order", text, &[("ASC", Order::Asc), ("DESC", Order::Desc)])
}

/// The sort key called `text`.
pub(crate) fn sort_by(text: &str) -> Named<SortBy> {
    if text.eq_ignore_ascii_case("Relevance") {
        return Ok(SortBy::Relevance);
    }
    let target = parser::parse_path(text).and_then(|path| names::target(&path).ok());
    match target {
        Some(Target::Property(property)) => SortBy::of(&property),
        _ => None,
    }
    .ok_or_else(|| {
        let known = vec![
            "Relevance",
            "FileName",
            "DataSize",
            "FileCreateTime",
            "FileUpdateTime",
            "TagUpdateTime",
            "SyncTime",
            "SemanticIndexUpdateTime",
            "RecordCreateTime",
            "Attributes.NAME",
        ];
        (format!("nothing can be sorted by `{}`", shortened(text)), known)
    })
}

//! Which column becomes which property: what was said, and defaults for the rest.

use filedex_model::limits;
use serde::Serialize;

use crate::error::{FormatError, Result};
use crate::property::{FieldKind, Target};

/// What the cells of a column are taken for, where they are text and go to an attribute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CellType {
    /// Each as it looks: a number, true or false, JSON in brackets or quotes, else text. This is
    /// how exports write attributes.
    #[default]
    Free,
    /// Text, whatever it looks like.
    Text,
    /// Numbers; what is none stays text.
    Number,
    /// true and false; what is neither stays text.
    Flag,
}

impl CellType {
    fn of_name(name: &str) -> Option<Self> {
        Some(match name {
            "any" => Self::Free,
            "text" => Self::Text,
            "number" => Self::Number,
            "bool" => Self::Flag,
            _ => return None,
        })
    }

    /// As it is typed.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Free => "any",
            Self::Text => "text",
            Self::Number => "number",
            Self::Flag => "bool",
        }
    }
}

/// What was said of columns: `column=property`, or `column=property:type`.
#[derive(Clone, Debug, Default)]
pub struct Mapping {
    pairs: Vec<Pair>,
}

#[derive(Clone, Debug)]
struct Pair {
    column: String,
    target: Target,
    cells: Option<CellType>,
}

/// A column and what becomes of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// The column.
    pub column: String,
    /// What it is of a record.
    pub target: Target,
    /// What its cells are taken for, where that was said.
    pub cells: Option<CellType>,
}

/// A column as it was understood, for people to look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UnderstoodColumn {
    /// Its name in the source.
    pub column: String,
    /// The type of its values in the source.
    pub r#type: String,
    /// The property it becomes; none where it is left out.
    pub property: Option<String>,
}

impl Mapping {
    /// Reads what was typed.
    ///
    /// ```
    /// use filedex_formats::{Mapping, Target};
    /// let mapping = Mapping::parse(["ImageID=uri", "zip=attributes.zip:text", "junk=-"])?;
    /// let planned = mapping.plan(&["ImageID", "caption", "zip", "junk"])?;
    /// let targets: Vec<_> = planned.iter().map(|column| column.target.to_string()).collect();
    /// assert_eq!(targets, ["uri", "comment", "attributes.zip", "-"]);
    /// # Ok::<(), filedex_formats::FormatError>(())
    /// ```
    ///
    /// # Errors
    /// [`FormatError::Bad`] for what is no pair, and for a property that is not there.
    pub fn parse<S: AsRef<str>>(pairs: impl IntoIterator<Item = S>) -> Result<Self> {
        let pairs = pairs.into_iter().map(|text| parse_pair(text.as_ref()));
        Ok(Self { pairs: pairs.collect::<Result<_>>()? })
    }

    /// Whether nothing was said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// The columns and properties that were said, in their order.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &Target)> {
        self.pairs.iter().map(|pair| (pair.column.as_str(), &pair.target))
    }

    /// Finds out what each of a table's columns is. What was said comes first, then columns that have
    /// a property's own name, then those that have another name for it; each property is given once,
    /// and a column that is left becomes an attribute.
    ///
    /// # Errors
    /// [`FormatError::Bad`] for a column that was named and is not there, and for a property that two
    /// columns were to be.
    pub fn plan<S: AsRef<str>>(&self, columns: &[S]) -> Result<Vec<Planned>> {
        let names: Vec<&str> = columns.iter().map(AsRef::as_ref).collect();
        self.check(&names)?;
        let mut plan: Vec<Option<Planned>> = vec![None; names.len()];
        let mut taken: Vec<Target> = Vec::new();
        for (place, name) in names.iter().enumerate() {
            if let Some(pair) = self.pairs.iter().find(|pair| pair.column == *name) {
                taken.push(pair.target.clone());
                let (target, cells) = (pair.target.clone(), pair.cells);
                plan[place] = Some(Planned { column: (*name).to_owned(), target, cells });
            }
        }
        // Own names before aliases, so that `caption` is an attribute beside `comment`.
        for own in [true, false] {
            for (place, name) in names.iter().enumerate() {
                let target = Target::of_column(name);
                let is_own = target.to_string() == *name;
                if plan[place].is_some() || (own && !is_own) {
                    continue;
                }
                let again = taken.contains(&target);
                let target = if again { Target::Attribute((*name).to_owned()) } else { target };
                taken.push(target.clone());
                plan[place] = Some(Planned { column: (*name).to_owned(), target, cells: None });
            }
        }
        Ok(plan.into_iter().flatten().collect())
    }

    fn check(&self, names: &[&str]) -> Result<()> {
        for (place, pair) in self.pairs.iter().enumerate() {
            if !names.contains(&pair.column.as_str()) {
                return Err(FormatError::bad(format!(
                    "there is no column {:?} to map; the columns are {}",
                    pair.column,
                    names.join(", ")
                )));
            }
            let again =
                |other: &Pair| other.target == pair.target && other.target != Target::Nothing;
            if let Some(other) = self.pairs[..place].iter().find(|other| again(other)) {
                return Err(FormatError::bad(format!(
                    "the columns {:?} and {:?} cannot both be {}",
                    other.column, pair.column, pair.target
                )));
            }
        }
        Ok(())
    }
}

fn parse_pair(text: &str) -> Result<Pair> {
    let Some((column, property)) = text.rsplit_once('=') else {
        return Err(FormatError::bad(format!(
            "{text:?} is no mapping; write column=property, such as title=comment"
        )));
    };
    let typed = property.rsplit_once(':').and_then(|(property, cells)| {
        CellType::of_name(cells).map(|cells| (property, Some(cells)))
    });
    let (property, cells) = typed.unwrap_or((property, None));
    let target = Target::parse(property).map_err(FormatError::Bad)?;
    Ok(Pair { column: column.to_owned(), target, cells })
}

impl Planned {
    /// How it is shown to people, with the type that the source has.
    #[must_use]
    pub fn understood(&self, r#type: impl Into<String>) -> UnderstoodColumn {
        let property = (self.target != Target::Nothing).then(|| self.target.to_string());
        UnderstoodColumn { column: self.column.clone(), r#type: r#type.into(), property }
    }
}

/// Says that a table has no column that could be the URI, before each of its rows says so.
pub(crate) fn require_uri(plan: &[Planned], has_other_source: bool) -> Result<()> {
    let gives =
        |planned: &Planned| matches!(&planned.target, Target::Field(field) if field.name == "uri");
    if has_other_source || plan.iter().any(gives) {
        return Ok(());
    }
    let names: Vec<&str> = plan.iter().map(|planned| planned.column.as_str()).collect();
    Err(FormatError::bad(format!(
        "no column is the uri, which every file needs; the columns are {}; say which it is with \
         --map COLUMN=uri",
        names.join(", ")
    )))
}

/// Whether a field's values may be refused because of their type, and the rest not.
pub(crate) fn is_text(kind: FieldKind) -> bool {
    matches!(kind, FieldKind::Text | FieldKind::Time)
}

/// Most columns that are read or written; beyond it a table is a mistake.
pub(crate) const COLUMNS: usize = limits::TAGS;

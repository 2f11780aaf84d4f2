//! The columns of a table that is written: found by looking at every record once.
//!
//! An attribute at the top whose values have one type is a column of that type, so that other
//! programs can ask for it; one whose values differ is a column of JSON. What a column is read back
//! to is exactly what was there.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use filedex_model::Timestamp;
use serde_json::{Map, Value};

use crate::error::{FormatError, Result};
use crate::mapping::Mapping;
use crate::property::{FIELDS, FieldKind, Target};
use crate::record::Record;

/// Most attributes that get columns of their own; the rarer ones stay in `attributes`.
const ATTRIBUTE_COLUMNS: usize = 500;
/// Integers up to here are floats without loss.
const EXACT: u64 = 1 << 53;

/// The type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnType {
    /// true or false.
    Flag,
    /// 64-bit integers.
    Integer,
    /// 64-bit floats.
    Float,
    /// Integers and floats that have a fraction: floats, where what is whole is an integer.
    Number,
    /// Text.
    Text,
    /// Lists of texts.
    Texts,
    /// Points in time, to the millisecond.
    Time,
    /// Lists of jobs with their tags.
    Jobs,
    /// JSON, as text.
    Json,
    /// Vectors of so many numbers.
    Vector(usize),
}

/// A column.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What it shows of a record.
    pub target: Target,
    /// The type of its values.
    pub r#type: ColumnType,
}

/// The columns of a table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Layout {
    /// The columns, in order.
    pub columns: Vec<Column>,
    own: BTreeSet<String>,
}

/// Looks at records, to find out what columns they need.
#[derive(Debug, Default)]
pub struct Survey {
    fields: BTreeSet<&'static str>,
    attributes: BTreeMap<String, Shape>,
    vectors: BTreeMap<String, usize>,
}

/// What values an attribute has.
#[derive(Clone, Copy, Debug, Default)]
struct Shape {
    records: u64,
    flags: bool,
    integers: bool,
    large_integers: bool,
    fractions: bool,
    whole_floats: bool,
    texts: bool,
    lists: bool,
    other: bool,
}

/// A value of a column.
#[derive(Debug)]
pub(crate) enum Cell<'a> {
    Missing,
    Flag(bool),
    Integer(i64),
    Float(f64),
    Text(Cow<'a, str>),
    Texts(Vec<&'a str>),
    Time(Timestamp),
    Jobs(&'a Map<String, Value>),
    Json(Cow<'a, Value>),
    Vector(&'a [f32]),
}

impl Shape {
    fn see(&mut self, value: &Value) {
        self.records += 1;
        match value {
            Value::Bool(_) => self.flags = true,
            Value::String(_) => self.texts = true,
            Value::Number(number) => match (number.as_i64(), number.as_f64()) {
                (Some(integer), _) => {
                    self.integers = true;
                    self.large_integers |= integer.unsigned_abs() > EXACT;
                }
                (None, Some(float)) if number.is_f64() => {
                    let whole = float.fract() == 0.0;
                    self.whole_floats |= whole;
                    self.fractions |= !whole;
                }
                _ => self.other = true,
            },
            Value::Array(items) if items.iter().all(Value::is_string) => self.lists = true,
            _ => self.other = true,
        }
    }

    fn column(self) -> ColumnType {
        let numbers = self.integers || self.fractions || self.whole_floats;
        let kinds = [self.flags, numbers, self.texts, self.lists, self.other];
        if self.other || kinds.into_iter().filter(|kind| *kind).count() != 1 {
            return ColumnType::Json;
        }
        match self {
            Self { flags: true, .. } => ColumnType::Flag,
            Self { texts: true, .. } => ColumnType::Text,
            Self { lists: true, .. } => ColumnType::Texts,
            Self { integers: false, .. } => ColumnType::Float,
            Self { fractions: false, whole_floats: false, .. } => ColumnType::Integer,
            Self { large_integers: false, whole_floats: false, .. } => ColumnType::Number,
            _ => ColumnType::Json,
        }
    }
}

impl Survey {
    /// Looks at a record.
    pub fn see(&mut self, record: &Record) {
        for field in &FIELDS {
            if !self.fields.contains(field.name) && record.fields.contains_key(field.name) {
                self.fields.insert(field.name);
            }
        }
        for (name, value) in record.attributes().into_iter().flatten() {
            match self.attributes.get_mut(name) {
                Some(shape) => shape.see(value),
                None => self.attributes.entry(name.clone()).or_default().see(value),
            }
        }
        for vector in &record.vectors {
            if let Some(space) = &vector.space {
                self.see_space(space, vector.values.len());
            }
        }
    }

    /// Says that there may be vectors of a space, with so many numbers.
    pub fn see_space(&mut self, space: &str, dimension: usize) {
        self.vectors.insert(space.to_owned(), dimension);
    }

    /// The columns that were found to be needed: the fields that some record has, its attributes, its
    /// vectors. The URI is always there.
    #[must_use]
    pub fn layout(&self) -> Layout {
        let mut columns = Vec::new();
        let own = self.own_attributes();
        let rest = self.attributes.keys().any(|name| !own.contains(name));
        for field in &FIELDS {
            let present = match field.name {
                "uri" => true,
                "attributes" => rest,
                name => self.fields.contains(name),
            };
            if present {
                columns.push(Column::of(field.name, Target::Field(field), column_type(field.kind)));
            }
        }
        for name in &own {
            let shape = self.attributes.get(name).copied().unwrap_or_default();
            let target = Target::Attribute(name.clone());
            columns.push(Column::of(&target.to_string(), target.clone(), shape.column()));
        }
        for (space, dimension) in &self.vectors {
            let target = Target::Vector(Some(space.clone()));
            let vector = ColumnType::Vector(*dimension);
            columns.push(Column::of(&target.to_string(), target.clone(), vector));
        }
        Layout { columns, own }
    }

    /// The columns that were asked for, under the names that were given.
    ///
    /// # Errors
    /// [`FormatError::Bad`] for a vector of a space that no record has.
    pub fn chosen(&self, mapping: &Mapping) -> Result<Layout> {
        let mut columns: Vec<Column> = Vec::new();
        for (name, target) in mapping.pairs() {
            let r#type = match target {
                Target::Nothing => continue,
                Target::Field(field) => column_type(field.kind),
                Target::Tags => ColumnType::Texts,
                Target::Attribute(attribute) => {
                    self.attributes.get(attribute).copied().unwrap_or_default().column()
                }
                Target::Vector(space) => ColumnType::Vector(self.dimension(space.as_deref())?),
            };
            if columns.iter().any(|column| column.name == name) {
                return Err(FormatError::bad(format!("the column {name:?} is given twice")));
            }
            columns.push(Column::of(name, target.clone(), r#type));
        }
        Ok(Layout { columns, own: BTreeSet::new() })
    }

    fn dimension(&self, space: Option<&str>) -> Result<usize> {
        let found = match space {
            Some(space) => self.vectors.get(space),
            None if self.vectors.len() == 1 => self.vectors.values().next(),
            None => None,
        };
        found.copied().ok_or_else(|| {
            let has: Vec<_> = self.vectors.keys().map(String::as_str).collect();
            FormatError::bad(match (space, has.is_empty()) {
                (_, true) => "there are no vectors to write (say --embeddings)".to_owned(),
                (Some(space), false) => {
                    format!("there is no space {space:?}; there are {}", has.join(", "))
                }
                (None, false) => {
                    format!("say whose vectors: embeddings.SPACE, of {}", has.join(", "))
                }
            })
        })
    }

    /// The attributes that get columns of their own: those that most records have.
    fn own_attributes(&self) -> BTreeSet<String> {
        let mut names: Vec<_> =
            self.attributes.iter().filter(|(name, _)| !name.is_empty()).collect();
        names.sort_by_key(|(name, shape)| (std::cmp::Reverse(shape.records), *name));
        names.truncate(ATTRIBUTE_COLUMNS);
        names.into_iter().map(|(name, _)| name.clone()).collect()
    }
}

fn column_type(kind: FieldKind) -> ColumnType {
    match kind {
        FieldKind::Text => ColumnType::Text,
        FieldKind::Size => ColumnType::Integer,
        FieldKind::Time => ColumnType::Time,
        FieldKind::Flag => ColumnType::Flag,
        FieldKind::Texts => ColumnType::Texts,
        FieldKind::Jobs => ColumnType::Jobs,
        FieldKind::Json => ColumnType::Json,
    }
}

impl Column {
    fn of(name: &str, target: Target, r#type: ColumnType) -> Self {
        Self { name: name.to_owned(), target, r#type }
    }
}

impl Layout {
    /// A record's value of a column.
    pub(crate) fn cell<'a>(&self, column: &Column, record: &'a Record) -> Cell<'a> {
        match &column.target {
            Target::Nothing => Cell::Missing,
            Target::Tags => Cell::Texts(record.tags()),
            Target::Vector(space) => {
                let mut all = record.vectors.iter();
                let ours = all.find(|vector| space.is_none() || vector.space == *space);
                ours.map_or(Cell::Missing, |vector| Cell::Vector(&vector.values))
            }
            Target::Attribute(name) => typed(record.attribute(name), column.r#type),
            Target::Field(field) if field.name == "attributes" => self.rest(record),
            Target::Field(field) if field.name == "file_name" => {
                match record.fields.get("file_name") {
                    None => Cell::Text(Cow::Borrowed(record.file_name())),
                    value => typed(value, column.r#type),
                }
            }
            Target::Field(field) => typed(record.fields.get(field.name), column.r#type),
        }
    }

    /// The attributes without a column of their own.
    fn rest<'a>(&self, record: &'a Record) -> Cell<'a> {
        let Some(all) = record.attributes() else { return Cell::Missing };
        if self.own.is_empty() {
            return Cell::Json(Cow::Owned(Value::Object(all.clone())));
        }
        let rest = all.iter().filter(|(name, _)| !self.own.contains(*name));
        let rest: Map<_, _> = rest.map(|(name, value)| (name.clone(), value.clone())).collect();
        if rest.is_empty() { Cell::Missing } else { Cell::Json(Cow::Owned(Value::Object(rest))) }
    }
}

/// A value of a type that a survey found; what it is not is missing, which is for what a survey did
/// not see.
fn typed(value: Option<&Value>, r#type: ColumnType) -> Cell<'_> {
    let Some(value) = value else { return Cell::Missing };
    match (r#type, value) {
        (ColumnType::Json, value) => Cell::Json(Cow::Borrowed(value)),
        (ColumnType::Flag, Value::Bool(flag)) => Cell::Flag(*flag),
        (ColumnType::Integer, value) => value.as_i64().map_or(Cell::Missing, Cell::Integer),
        (ColumnType::Float | ColumnType::Number, value) => {
            value.as_f64().map_or(Cell::Missing, Cell::Float)
        }
        (ColumnType::Time, Value::String(text)) => text.parse().map_or(Cell::Missing, Cell::Time),
        (ColumnType::Text, Value::String(text)) => Cell::Text(Cow::Borrowed(text)),
        (ColumnType::Texts, Value::Array(items)) => {
            Cell::Texts(items.iter().filter_map(Value::as_str).collect())
        }
        (ColumnType::Jobs, Value::Object(jobs)) => Cell::Jobs(jobs),
        _ => Cell::Missing,
    }
}

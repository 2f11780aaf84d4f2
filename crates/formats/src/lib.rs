//! Data set formats in and out: JSON Lines, CSV, Parquet, Arrow, COCO, Hugging Face's imagefolder, Open
//! Images, YOLO and folders of classes.
//!
//! A reader gives [`Row`]s: [`Record`]s with the fields that a line of JSON Lines has, and their vectors;
//! a row that is none comes with its reason and does not end the others. Writers take records. There is
//! no database here: the program joins both.
//!
//! - [`read_text`] and [`read_table`] open tables; [`Mapping`] says which column is which property.
//! - [`read_path`] opens any format by its path; [`Format::detect`] finds out which it has.
//! - [`Survey`] looks at records once and finds the [`Layout`] of a table; [`TableWriter`] writes it.
//! - [`begin_set`] begins a data set of several files; [`Split`] parts it into train, val, test.

mod arrow;
mod csv_table;
mod error;
mod files;
mod fill;
mod format;
mod layout;
mod lines;
mod mapping;
mod objects;
mod property;
mod record;
mod root;
mod sets;
mod split;
mod table;

pub use arrow::is_decoding;
pub use error::{FormatError, Result};
pub use files::FilesMode;
pub use format::Format;
pub use layout::{Column, ColumnType, Layout, Survey};
pub use mapping::{CellType, Mapping, Planned, UnderstoodColumn};
pub use property::{FIELDS, Field, FieldKind, Target};
pub use record::{Record, Row, Rows, Vector, json_numbers};
pub use root::Root;
pub use sets::{FILE_ATTRIBUTE, SetOptions, SetWriter, begin_set, read_path};
pub use split::{Parting, Parts, Selector, Share, Split};
pub use table::{Opened, ReadOptions, TableWriter, read_table, read_text};

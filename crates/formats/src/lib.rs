//! Data set formats in and out: JSON Lines, CSV, Parquet, Arrow, COCO, Hugging Face's imagefolder, Open
//! Images, YOLO and folders of classes.
//!
//! A reader gives [`Row`]s: [`Record`]s with the fields that a line of JSON Lines has, and their vectors;
//! a row that is none comes with its reason and does not end the others. Writers take records. There is
//! no database here: the program joins both.
//!
//! - [`read_text`] and [`read_table`] open tables; [`Mapping`] says which column is which property.
//! - [`Survey`] looks at records once and finds the [`Layout`] of a table; [`TableWriter`] writes it.

mod arrow;
mod csv_table;
mod error;
mod fill;
mod format;
mod layout;
mod lines;
mod mapping;
mod property;
mod record;
mod root;
mod table;

pub use arrow::is_decoding;
pub use error::{FormatError, Result};
pub use format::Format;
pub use layout::{Column, ColumnType, Layout, Survey};
pub use mapping::{CellType, Mapping, Planned, UnderstoodColumn};
pub use property::{FIELDS, Field, FieldKind, Target};
pub use record::{Record, Row, Rows, Vector, json_numbers};
pub use root::Root;
pub use table::{Opened, ReadOptions, TableWriter, read_table, read_text};

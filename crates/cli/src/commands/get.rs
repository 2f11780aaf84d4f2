//! `filedex get`: everything that is known of one file.

use filedex::export;
use serde_json::{Value, json};

use crate::args::{File, Scope};
use crate::database::{file_id, open_to_read, version};
use crate::failure::Failure;
use crate::output::Output;
use crate::table::{Column, Table};
use crate::units::size;

const HELP: &str = "\
Examples:
  filedex get photos.filedex file:///photos/2025/beach.jpg
  filedex get photos.filedex 5f0c…64 hex digits… --json
  filedex get photos.filedex file:///photos/2025/beach.jpg --vector=captions --json

A deleted file is shown too; its status says so.";

/// Show one file
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub struct Args {
    #[command(flatten)]
    file: File,
    /// The file's id or URI
    #[arg(value_name = "ID|URI")]
    name: String,
    /// Show its vector too, in this embedding space or the chosen one
    #[arg(long, value_name = "SPACE", num_args = 0..=1, require_equals = true)]
    vector: Option<Option<String>>,
    #[command(flatten)]
    scope: Scope,
}

pub fn run(args: &Args, output: &mut Output) -> Result<(), Failure> {
    let database = open_to_read(&args.file.path, output)?;
    let reader = database.reader()?;
    let version = version(&reader, &args.scope)?;
    let record = reader.get(&version, &file_id(&version, &args.name))?;
    let mut json = export::record(&record);
    if let Some(space) = &args.vector {
        let vector = reader.vector(&version, &record.id, space.as_deref())?;
        json["vector"] = json!(vector.as_deref().map(filedex_formats::json_numbers));
    }
    if output.is_json() {
        return output.json(&json);
    }
    output.table(&table(&json))
}

/// Fields that are shown first, in this order.
const FIRST: [&str; 9] = [
    "id",
    "uri",
    "file_name",
    "file_dir",
    "content_type",
    "data_size",
    "file_create_time",
    "file_update_time",
    "comment",
];

/// A record as a table of its fields; a field that is an object has a line for each of its own.
pub fn table(record: &Value) -> Table {
    let mut table = Table::new(&[Column::Whole("field"), Column::Text("value")]);
    let Value::Object(fields) = record else { return table };
    let rest = fields.keys().map(String::as_str).filter(|name| !FIRST.contains(name));
    for name in FIRST.into_iter().chain(rest) {
        match fields.get(name) {
            None | Some(Value::Null) => {}
            Some(Value::Object(inner)) => {
                for (key, value) in inner {
                    table.row([format!("{name}.{key}"), shown(key, value)]);
                }
            }
            Some(value) => {
                table.row([name.to_owned(), shown(name, value)]);
            }
        }
    }
    table
}

fn shown(name: &str, value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) if name == "data_size" => {
            let bytes = number.as_u64().unwrap_or_default();
            format!("{} ({bytes} bytes)", size(bytes))
        }
        Value::Array(items) if items.iter().all(Value::is_string) => {
            items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
        }
        Value::Array(items) if name == "vector" => {
            let first: Vec<_> = items.iter().take(4).map(Value::to_string).collect();
            format!("{}, … ({} numbers)", first.join(", "), items.len())
        }
        other => other.to_string(),
    }
}

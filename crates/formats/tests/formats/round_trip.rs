//! What was written is read back as it was: every property, of records made by chance.

use std::fs::File;
use std::io::Write;

use filedex_formats::{
    FIELDS, Format, Layout, ReadOptions, Record, Survey, TableWriter, Vector, read_table,
};
use filedex_model::NewFile;
use filedex_testkit::{Generator, Seed};
use serde_json::{Map, Value, json};

/// A file's fields as an export has them: without what is empty.
fn record(file: &NewFile) -> Record {
    let Value::Object(fields) = serde_json::to_value(file).unwrap() else { unreachable!() };
    let empty = |name: &str, value: &Value| match value {
        Value::Null => true,
        Value::String(text) => text.is_empty() && name != "file_dir",
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    };
    let fields = fields.into_iter().filter(|(name, value)| !empty(name, value));
    let mut record = Record { fields: fields.collect(), vectors: Vec::new() };
    // An export has the name always.
    let name = record.file_name().to_owned();
    record.put("file_name", name);
    record
}

pub fn records(count: usize, seed: &mut Generator) -> Vec<Record> {
    let files = seed.distinct_files(count);
    let mut records: Vec<Record> = files.iter().map(record).collect();
    for record in &mut records {
        for (space, dimension) in [("captions", 8), ("pictures of cats", 3)] {
            if seed.seed().chance(60) {
                let number = |_| f32::from_bits(seed.seed().bits() as u32 & 0x3fff_ffff);
                let values = (0..dimension).map(number).collect();
                record.vectors.push(Vector { space: Some(space.to_owned()), values });
            }
        }
    }
    records
}

fn layout(records: &[Record]) -> Layout {
    let mut survey = Survey::default();
    records.iter().for_each(|record| survey.see(record));
    survey.layout()
}

pub fn write(format: Format, records: &[Record]) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    let to = File::create(file.path()).unwrap();
    let layout = (format != Format::JsonLines).then(|| layout(records));
    let mut writer = TableWriter::begin(format, to, layout).unwrap();
    records.iter().for_each(|record| writer.put(record.clone()).unwrap());
    writer.finish().unwrap().flush().unwrap();
    file
}

/// What an import makes of the vectors in a line.
fn with_vectors_out(mut record: Record) -> Record {
    if let Some(Value::Object(all)) = record.fields.remove("embeddings") {
        for (space, values) in all {
            let values = serde_json::from_value(values).unwrap();
            record.vectors.push(Vector { space: Some(space), values });
        }
    }
    record
}

#[test]
fn tables_hold_every_property() {
    for run in 0..4 {
        let mut generator = Generator::new(Seed::of_run(41 + run), "d-1");
        for format in [Format::JsonLines, Format::Csv, Format::Parquet, Format::Arrow] {
            let records = records(300, &mut generator);
            let file = write(format, &records);
            let opened =
                read_table(format, File::open(file.path()).unwrap(), &ReadOptions::default());
            let rows: Vec<_> = opened.unwrap().rows.map(Result::unwrap).collect();
            assert_eq!(rows.len(), records.len());
            for (row, want) in rows.into_iter().zip(records) {
                let got = with_vectors_out(row.record.unwrap());
                assert_eq!(got, want, "{}", format.name());
            }
        }
    }
}

#[test]
fn the_fields_are_those_of_the_model() {
    let mut generator = Generator::new(Seed::of_run(3), "d-1");
    let file = generator.file();
    let Value::Object(fields) = serde_json::to_value(file).unwrap() else { unreachable!() };
    let names: Vec<&str> = fields.keys().map(String::as_str).collect();
    let mut ours: Vec<&str> = FIELDS.iter().map(|field| field.name).collect();
    let mut names = names.clone();
    ours.sort_unstable();
    names.sort_unstable();
    assert_eq!(ours, names);
}

#[test]
fn attributes_of_one_type_are_columns_of_it() {
    let attributes = [
        json!({"width": 1, "price": 1, "year": 1.5, "flag": true, "name": "a", "tags": ["x"], "odd": 1}),
        json!({"width": 2, "price": 2.5, "year": 2.0, "flag": false, "name": "b", "tags": [], "odd": "x"}),
    ];
    let records: Vec<Record> = attributes
        .into_iter()
        .map(|attributes| Record {
            fields: Map::from_iter([
                ("uri".to_owned(), json!("a://b/c")),
                ("attributes".to_owned(), attributes),
            ]),
            vectors: Vec::new(),
        })
        .collect();
    let layout = layout(&records);
    let columns = layout.columns.iter();
    let columns: Vec<String> =
        columns.map(|column| format!("{} {:?}", column.name, column.r#type)).collect();
    let want = [
        "uri Text",
        "attributes.flag Flag",
        "attributes.name Text",
        "attributes.odd Json",
        "attributes.price Number",
        "attributes.tags Texts",
        "attributes.width Integer",
        "attributes.year Float",
    ];
    assert_eq!(columns, want);
}

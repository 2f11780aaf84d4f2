//! What is damaged, cut or of another kind is an error or a row with a reason, and never a panic.

use std::fs::File;

use filedex_formats::{Format, Mapping, ReadOptions, Row, read_table, read_text};
use filedex_testkit::{Generator, Seed};

use crate::round_trip::{records, write};

/// Reads all there is; answers the rows, up to the first error.
fn drain(format: Format, bytes: &[u8]) -> (Vec<Row>, Option<String>) {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    let file = File::open(file.path()).unwrap();
    let opened = match read_table(format, file, &ReadOptions::default()) {
        Ok(opened) => opened,
        Err(error) => return (Vec::new(), Some(error.to_string())),
    };
    let mut rows = Vec::new();
    for row in opened.rows {
        match row {
            Ok(row) => rows.push(row),
            Err(error) => return (rows, Some(error.to_string())),
        }
    }
    (rows, None)
}

#[test]
fn damaged_files_are_errors() {
    let mut generator = Generator::new(Seed::of_run(77), "d-1");
    for format in [Format::Parquet, Format::Arrow, Format::Csv, Format::JsonLines] {
        let written = write(format, &records(60, &mut generator));
        let whole = std::fs::read(written.path()).unwrap();
        assert_eq!(drain(format, &whole).1, None);
        for _ in 0..150 {
            let mut bytes = whole.clone();
            if generator.seed().chance(30) {
                bytes.truncate(generator.seed().below(whole.len()));
            } else {
                for _ in 0..=generator.seed().below(4) {
                    let place = generator.seed().below(whole.len());
                    bytes[place] = generator.seed().bits() as u8;
                }
            }
            drain(format, &bytes);
        }
        let cut = &whole[..whole.len() / 2];
        let (rows, error) = drain(format, cut);
        let told = error.is_some() || rows.iter().any(|row| row.record.is_err());
        assert!(told, "{} was cut and nothing was said", format.name());
    }
}

#[test]
fn bad_rows_are_told_with_their_line_and_column() {
    let text = b"\xef\xbb\xbfuri,caption,data_size\n\
        a://b/1,\"two\nlines\",5\n\
        a://b/2,short\n\
        a://b/3,\xff\xfe,5\n\
        a://b/4,ok,large\n\
        a://b/5,ok,7,more\n\
        a://b/6,ok,8\n";
    let opened = read_text(Format::Csv, &text[..], &ReadOptions::default()).unwrap();
    let rows: Vec<_> = opened.rows.map(Result::unwrap).collect();
    let told: Vec<_> = rows.iter().map(|row| (row.number, row.record.as_ref().err())).collect();
    let want = [
        (2, None),
        (4, Some("has 2 fields where the header has 3")),
        (5, Some("column \"caption\": is not UTF-8 from byte 1")),
        (6, Some("column \"data_size\": \"large\" is no number of bytes")),
        (7, Some("has 4 fields where the header has 3")),
        (8, None),
    ];
    let told: Vec<_> =
        told.into_iter().map(|(line, why)| (line, why.map(String::as_str))).collect();
    assert_eq!(told, want);
    assert_eq!(rows[1].text, "a://b/2,short");
}

#[test]
fn tables_that_cannot_be_meant_are_refused_as_a_whole() {
    let cases = [
        ("", "", "has 0 columns"),
        ("caption\nred\n", "", "no column is the uri"),
        ("uri,caption\n", "text=comment", "there is no column \"text\" to map"),
        ("uri,a,b\n", "a=comment b=comment", "cannot both be comment"),
        ("uri\n", "uri", "is no mapping"),
        ("uri\n", "uri=Tags.nobody", "is no property"),
    ];
    for (text, said, want) in cases {
        let opened = Mapping::parse(said.split_whitespace()).and_then(|mapping| {
            let options = ReadOptions { mapping, ..ReadOptions::default() };
            read_text(Format::Csv, text.as_bytes(), &options)
        });
        let why = opened.unwrap_err().to_string();
        assert!(why.contains(want), "{text:?}: {why}");
    }
}

//! Sidecars: captions that stand beside a picture, a sound or a movie.
//!
//! `beach.txt` or `beach.jpg.txt` is the caption of `beach.jpg`. `beach.json` or `beach.jpg.json` is an
//! object: `caption` (or `comment`), `description`, `tags` (or `tags_user`, `keywords`; a list, or text
//! with commas), `labels`, `attributes`, and fields of any other name, which become attributes. Where
//! both are there, the text is the caption.

use std::fs::File;
use std::io::Read;
use std::path::PathBuf;

use filedex_model::limits;
use serde_json::{Map, Value};

use crate::problem::{Problem, ProblemKind};
use crate::stamp::Stamp;

/// Longest sidecar that is read, in bytes.
const SIDECAR_BYTES: u64 = 1 << 20;
/// The extensions of sidecars, the one that has the last word last.
pub(crate) const EXTENSIONS: [&str; 2] = ["json", "txt"];

/// A sidecar that stands beside a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sidecar {
    /// Where it is.
    pub path: PathBuf,
    /// `json` or `txt`.
    pub extension: &'static str,
    /// Its size and time.
    pub stamp: Stamp,
}

impl Sidecar {
    /// What tells whether it has changed, for a record to keep.
    #[must_use]
    pub fn mark(&self) -> String {
        format!("{} {} {}", self.extension, self.stamp.size, self.stamp.time())
    }
}

/// What sidecars say of a file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Caption {
    /// The caption.
    pub comment: Option<String>,
    /// The description.
    pub description: Option<String>,
    /// Tags.
    pub tags: Vec<String>,
    /// Labels.
    pub labels: Vec<String>,
    /// Attributes.
    pub attributes: Map<String, Value>,
}

impl Caption {
    /// Reads a file's sidecars. What cannot be read, or cannot be stored, is left out and reported.
    #[must_use]
    pub fn read(sidecars: &[Sidecar]) -> (Self, Vec<Problem>) {
        let (mut caption, mut problems) = (Self::default(), Vec::new());
        for sidecar in sidecars {
            let read = text(sidecar).and_then(|text| match sidecar.extension {
                "txt" => caption.take_comment(&text),
                _ => caption.take_object(&text),
            });
            if let Err(reason) = read {
                problems.push(Problem::new(ProblemKind::Sidecar, &sidecar.path, reason));
            }
        }
        (caption, problems)
    }

    fn take_comment(&mut self, text: &str) -> Result<(), String> {
        // What an editor leaves that is no text; a caption keeps its lines as words.
        let text: String =
            text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>();
        let text = text.trim();
        if text.len() > limits::COMMENT_BYTES {
            let most = limits::COMMENT_BYTES;
            return Err(format!("the caption has {} bytes; at most {most} are kept", text.len()));
        }
        if !text.is_empty() {
            self.comment = Some(text.to_owned());
        }
        Ok(())
    }

    fn take_object(&mut self, text: &str) -> Result<(), String> {
        let value: Value = serde_json::from_str(text).map_err(|e| format!("is not JSON: {e}"))?;
        let Value::Object(fields) = value else {
            return Err("is not a JSON object; give {\"caption\":\"…\", …}".to_owned());
        };
        let mut faults = Vec::new();
        for (name, value) in fields {
            if value.is_null() {
                continue;
            }
            let taken = match (name.as_str(), value) {
                ("caption" | "comment", Value::String(text)) => self.take_comment(&text),
                ("description", Value::String(text)) => {
                    self.description = Some(text).filter(|text| !text.is_empty());
                    Ok(())
                }
                ("tags" | "tags_user" | "keywords", value) => words(value, &mut self.tags),
                ("labels", value) => words(value, &mut self.labels),
                ("attributes", Value::Object(inner)) => {
                    self.attributes.extend(inner);
                    Ok(())
                }
                ("caption" | "comment" | "description", _) => Err("is no text".to_owned()),
                ("attributes", _) => Err("is no object".to_owned()),
                ("uri", _) => Ok(()),
                (_, value) => {
                    self.attributes.entry(name.clone()).or_insert(value);
                    Ok(())
                }
            };
            faults.extend(taken.err().map(|fault| format!("{name:?} {fault}")));
        }
        if faults.is_empty() { Ok(()) } else { Err(faults.join("; ")) }
    }
}

fn text(sidecar: &Sidecar) -> Result<String, String> {
    let reason = |error: std::io::Error| format!("cannot be read: {error}");
    let mut bytes = Vec::new();
    let file = File::open(&sidecar.path).map_err(reason)?;
    file.take(SIDECAR_BYTES + 1).read_to_end(&mut bytes).map_err(reason)?;
    if bytes.len() as u64 > SIDECAR_BYTES {
        return Err(format!("has more than {SIDECAR_BYTES} bytes, which no caption has"));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let text = std::str::from_utf8(bytes).map_err(|_| "is not UTF-8 text".to_owned())?;
    Ok(text.to_owned())
}

/// A list of texts, or a text with commas.
fn words(value: Value, into: &mut Vec<String>) -> Result<(), String> {
    let found: Vec<String> = match value {
        Value::String(text) => text.split(',').map(str::to_owned).collect(),
        value => serde_json::from_value(value).map_err(|_| "is no list of texts".to_owned())?,
    };
    for word in found {
        let word = word.trim();
        if !word.is_empty() && !into.iter().any(|there| there == word) {
            into.push(word.to_owned());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    fn read(files: &[(&'static str, &[u8])]) -> (Caption, Vec<Problem>) {
        let folder = tempfile::tempdir().unwrap();
        let sidecars: Vec<_> = files
            .iter()
            .map(|(extension, bytes)| {
                let path = folder.path().join(format!("a.{extension}"));
                std::fs::write(&path, bytes).unwrap();
                Sidecar { path, extension, stamp: Stamp { size: 0, modified: UNIX_EPOCH } }
            })
            .collect();
        Caption::read(&sidecars)
    }

    #[test]
    fn captions() {
        let json = br#"{"caption":"x","tags":["a","b","a"],"labels":"p, q","year":1999,
                        "attributes":{"place":"Rome"},"uri":"no"}"#;
        let (caption, problems) = read(&[("json", json), ("txt", b"\xef\xbb\xbfA red\r\ncar \n")]);
        assert_eq!(problems, []);
        assert_eq!(caption.comment.as_deref(), Some("A red  car"));
        assert_eq!(
            (caption.tags, caption.labels),
            (vec!["a".into(), "b".into()], vec!["p".into(), "q".into()])
        );
        assert_eq!(
            Value::Object(caption.attributes).to_string(),
            r#"{"place":"Rome","year":1999}"#
        );
    }

    #[test]
    fn what_cannot_be_used_is_reported_and_the_rest_is() {
        for (extension, bytes, want) in [
            ("txt", b"\xff\xfe".as_slice(), "is not UTF-8"),
            ("txt", &[b'a'; 70_000], "has 70000 bytes; at most 65536"),
            ("txt", &[b'a'; (1 << 20) + 1], "has more than 1048576 bytes"),
            ("json", b"{", "is not JSON"),
            ("json", b"[]", "is not a JSON object"),
            (
                "json",
                br#"{"tags":7,"caption":[],"year":1}"#,
                "\"caption\" is no text; \"tags\" is no list",
            ),
        ] {
            let (caption, problems) = read(&[(extension, bytes)]);
            assert_eq!(problems.len(), 1, "{want}");
            assert!(problems[0].reason.contains(want), "{}", problems[0].reason);
            assert_eq!(caption.attributes.len(), usize::from(want.contains("no text")));
        }
    }
}
